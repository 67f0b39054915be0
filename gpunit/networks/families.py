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


# Sides of the pictures that `sized` makes translators for, and the published generator's channels by size.
RESOLUTIONS = (64, 128, 256, 512)
_WIDTHS = {8: 512, 16: 512, 32: 256, 64: 128, 128: 64, 256: 64, 512: 32}


def sized(resolution: int, content_encoder: ContentEncoderParams | None = None) -> TranslatorParams:
    """Shapes of a translator for pictures of any of `RESOLUTIONS`; at 256 px, the published ones.

    Args:
        resolution: side of the pictures in pixels.
        content_encoder: whose features the skips select from; by default the published one, which sees every picture at
            256 px.

    Raises:
        ValueError: for another resolution, or a content encoder whose content is not 8x8 or that has no features of 16
            and 32 px.
    """
    if resolution not in RESOLUTIONS:
        raise ValueError(f"no translator is made for {resolution} px; choose from {', '.join(map(str, RESOLUTIONS))}.")
    encoder = content_encoder or ContentEncoderParams()
    if encoder.content_size != 8 or not {16, 32} <= encoder.feature_widths.keys():
        raise ValueError("the content encoder must have a content of 8x8 and features of 16 and 32 px; take another.")
    widths = tuple(width for size, width in _WIDTHS.items() if size <= resolution)
    skips = tuple((size, encoder.feature_widths[size]) for size in (16, 32))
    return TranslatorParams(
        content_encoder=encoder,
        generator=GeneratorParams(widths=widths, encoder_widths=skips),
        style_encoder=StyleEncoderParams(widths=(64, 128, *[256] * (len(widths) - 2))),
    )


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
