from __future__ import annotations

import torch

from gpunit.networks.frozen.self_similarity import self_similarity


def test_what_looks_alike_does_not_depend_on_how_it_looks() -> None:
    torch.manual_seed(0)
    feature = torch.randn(2, 6, 4, 5).double()
    similarity = self_similarity(feature)
    assert similarity.shape == (2, 20, 20)
    torch.testing.assert_close(similarity, similarity.transpose(1, 2))
    torch.testing.assert_close(similarity.diagonal(dim1=1, dim2=2), torch.ones(2, 20).double())
    rotation = torch.linalg.qr(torch.randn(6, 6).double()).Q
    looks = torch.einsum("dc,bchw->bdhw", rotation, 3 * feature) + torch.randn(1, 6, 1, 1).double()
    torch.testing.assert_close(self_similarity(looks), similarity)
    assert not torch.allclose(self_similarity(feature.flip(3)), similarity)
