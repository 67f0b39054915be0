"""Presets as data: network shapes and hyper-parameters, at the published size and for the small family."""

from __future__ import annotations

from dataclasses import dataclass, field

from gpunit.networks.content_encoder import ContentEncoderParams
from gpunit.networks.distiller import DistillerParams
from gpunit.networks.generator import GeneratorParams
from gpunit.networks.projected_discriminator import ProjectedDiscriminatorParams
from gpunit.networks.style_encoder import StyleEncoderParams
from gpunit.networks.style_sampler import StyleSamplerParams


@dataclass(frozen=True)
class TranslatorParams:
    """Shapes of the networks that make up a translator; the defaults are the published ones."""

    content_encoder: ContentEncoderParams = field(default_factory=ContentEncoderParams)
    generator: GeneratorParams = field(default_factory=GeneratorParams)
    style_encoder: StyleEncoderParams = field(default_factory=StyleEncoderParams)
    style_sampler: StyleSamplerParams = field(default_factory=StyleSamplerParams)

    @property
    def resolution(self) -> int:
        """Side of the pictures in pixels."""
        return self.generator.resolution


PUBLISHED = TranslatorParams()

_SMALL_CONTENT = ContentEncoderParams(resolution=128, widths=(16, 24, 48, 96, 192))
_SMALL_STYLE_DIM = 64

SMALL = TranslatorParams(
    content_encoder=_SMALL_CONTENT,
    generator=GeneratorParams(
        widths=(128, 128, 64, 32, 16),
        style_dim=_SMALL_STYLE_DIM,
        encoder_widths=((16, 96), (32, 48)),
    ),
    style_encoder=StyleEncoderParams(widths=(16, 32, 64, 96, 128), bottleneck=64, style_dim=_SMALL_STYLE_DIM),
    style_sampler=StyleSamplerParams(latent_dim=64, hidden_dim=128, style_dim=_SMALL_STYLE_DIM),
)

SMALL_DISTILLER = DistillerParams(
    resolution=128,
    domains=4,
    label_dim=32,
    shape_width=128,
    appearance_widths=(32, 64),
    decoder_widths=(64, 32),
    classifier_widths=(32, 64),
)


@dataclass(frozen=True)
class DistillationRecipe:
    """Hyper-parameters of stage I (section 3).

    Attributes:
        content_encoder, distiller: network shapes.
        batch: pictures a step.
        learning_rate: Adam's, with betas (0.9, 0.999); halved twice over the last third.
        noise: deviation σ of the Gaussian noise on the code that the decoder sees.
        reconstruction, perceptual, shape, content, classifier, magnitude: weights of the losses.
    """

    content_encoder: ContentEncoderParams = _SMALL_CONTENT
    distiller: DistillerParams = SMALL_DISTILLER
    batch: int = 16
    learning_rate: float = 5e-4
    noise: float = 0.2
    reconstruction: float = 5.0
    perceptual: float = 2.0
    shape: float = 2.0
    content: float = 0.5
    classifier: float = 0.1
    magnitude: float = 1e-3


@dataclass(frozen=True)
class AdversarialRecipe:
    """Hyper-parameters of stage II (section 4), with the small family's values.

    Attributes:
        translator, discriminator: network shapes.
        batch: source pictures, and target pictures, a step.
        reconstructed: how many of the target pictures are reconstructed a step.
        turned: how many of the target pictures are turned and zoomed into, so that poses vary.
        learning_rate: Adam's, with betas (0, 0.99), for G and for D.
        ema: decay of the average of G that is kept.
        adversarial, content, style, mask, reconstruction: weights of L_adv, L_con, L_sty, L_msk, L_rec.
        colour: weight of the difference in overall colour, beside L_sty (see `losses.colour_distance`).
        structure: weight of the difference in self-similarity, beside L_con (see `losses.structure_distance`).
        reconstruct_with_skips: let ȳ use the dynamic skips; right where the domains are close.
        mirror_style: show E_s the mirrored target picture half of the time.
    """

    translator: TranslatorParams = SMALL
    discriminator: ProjectedDiscriminatorParams = field(default_factory=ProjectedDiscriminatorParams)
    batch: int = 8
    reconstructed: int = 4
    turned: int = 4
    learning_rate: float = 3e-4
    ema: float = 0.998
    adversarial: float = 1.5
    content: float = 3.0
    style: float = 5.0
    colour: float = 5.0
    structure: float = 4.0
    mask: float = 0.1
    reconstruction: float = 3.0
    reconstruct_with_skips: bool = True
    mirror_style: bool = True
