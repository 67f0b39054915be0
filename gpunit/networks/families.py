"""The two families of networks as data: the shapes of the published translators and of the small ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from gpunit.networks.content_encoder import ContentEncoderParams
from gpunit.networks.distiller import DistillerParams
from gpunit.networks.generator import GeneratorParams
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


# 256 px, of the GP-UNIT authors.
PUBLISHED = TranslatorParams()

# 128 px, bundled with this project.  Their prior and E_c know four domains, whose labels have this order.
SMALL_DOMAINS = ("cat", "dog", "bird", "car")
SMALL_CONTENT = ContentEncoderParams(resolution=128, widths=(16, 24, 48, 96, 192))
_SMALL_STYLE_DIM = 64
SMALL = TranslatorParams(
    content_encoder=SMALL_CONTENT,
    generator=GeneratorParams(
        widths=(192, 192, 96, 48, 32),
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
