from __future__ import annotations

import torch

from gpunit.networks.distiller import AppearanceEncoder, Decoder, DomainClassifier, reverse_gradient, style_statistics
from tests.conftest import TINY_DISTILLATION

PARAMS = TINY_DISTILLATION.distiller


def test_a_reversed_gradient_is_the_identity_with_its_gradient_negated() -> None:
    x = torch.tensor([2.0, -3.0], requires_grad=True)
    y = reverse_gradient(x)
    assert torch.equal(y, x)
    y.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, torch.tensor([-1.0, -1.0]))


def test_style_statistics_are_means_and_deviations_with_finite_gradients() -> None:
    torch.manual_seed(0)
    feature = torch.randn(2, 3, 8, 8)
    mean, deviation = style_statistics(feature)
    torch.testing.assert_close(mean, feature.mean((2, 3)))
    torch.testing.assert_close(deviation, feature.std((2, 3)))
    constant = torch.ones(1, 1, 4, 4, requires_grad=True)
    style_statistics(constant)[1].sum().backward()
    assert constant.grad is not None
    assert constant.grad.isfinite().all()


def test_appearance_changes_the_picture_and_leaves_the_shape() -> None:
    torch.manual_seed(0)
    decoder, appearance_encoder = Decoder(PARAMS), AppearanceEncoder(PARAMS)
    content, label = torch.rand(2, 1, 8, 8), torch.tensor([0, 1])
    pictures = torch.rand(2, 2, 3, 64, 64) * 2 - 1
    decoded, layouts = [], []
    decoder.shape_head.at_shape_size.register_forward_hook(lambda module, inputs, output: layouts.append(output))
    for picture in pictures:
        decoded.append(decoder(content, appearance_encoder(picture), label))
    assert decoded[0].shape == (2, 3, 64, 64)
    assert torch.equal(layouts[0], layouts[1])
    assert not torch.allclose(decoded[0], decoded[1])


def test_the_shape_listens_to_the_label() -> None:
    torch.manual_seed(0)
    shape_head, content = Decoder(PARAMS).shape_head, torch.rand(1, 1, 8, 8).expand(2, -1, -1, -1)
    shapes = shape_head(content, torch.tensor([0, 1]))
    assert shapes.shape == (2, 3, 16, 16)
    assert not torch.allclose(shapes[0], shapes[1])
    assert torch.equal(shapes, torch.tanh(shape_head.before_tanh(content, torch.tensor([0, 1]))))


def test_the_classifier_has_a_logit_for_every_domain() -> None:
    assert DomainClassifier(PARAMS)(torch.rand(3, 1, 8, 8)).shape == (3, PARAMS.domains)
