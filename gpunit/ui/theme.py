"""The page's look: one theme without outside fonts, the style sheets and scripts in `assets`, and what links show."""

from __future__ import annotations

import html

import gradio as gr

from gpunit.ui.assets import ASSETS, script

FAVICON = ASSETS / "mark.svg"
SOCIAL_PICTURE = ASSETS / "social.jpg"
# Where the server answers with the latter.
SOCIAL_ROUTE = "/social.jpg"
TITLE = "GP-UNIT Explorer"
DESCRIPTION = (
    "A dog becomes a cat, a bird or a car, and keeps its pose: unsupervised image-to-image translation with a "
    "generative prior, on your own machine."
)

# What systems have, before the generic names: on many a Linux machine those are wide and hard to read.
_SANS = [
    *("-apple-system", "BlinkMacSystemFont", "Segoe UI Variable", "Segoe UI", "Roboto", "Ubuntu", "Cantarell"),
    *("Noto Sans", "Liberation Sans", "Helvetica Neue", "Arial", "sans-serif"),
]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace"]

# White on 700, and 700 on white, have a contrast of 7; in the dark look 300 on the ground has 8.
ACCENT = gr.themes.Color(
    name="accent",
    c50="#fdf2f6", c100="#fbe4ec", c200="#f8c9da", c300="#ff8fb8", c400="#f2639a", c500="#d92b74",
    c600="#c2185b", c700="#a8124d", c800="#8a1142", c900="#6d1238", c950="#42081f",
)  # fmt: skip
GROUND = gr.themes.Color(
    name="ground",
    c50="#faf9f7", c100="#f3f1ee", c200="#e6e3df", c300="#d2cec9", c400="#a29d98", c500="#75706c",
    c600="#5b5753", c700="#433f3e", c800="#2b282a", c900="#1e1c1f", c950="#161417",
)  # fmt: skip

THEME = gr.themes.Base(
    primary_hue=ACCENT,
    secondary_hue=ACCENT,
    neutral_hue=GROUND,
    font=_SANS,
    font_mono=_MONO,
    radius_size="lg",
    text_size="md",
).set(
    body_background_fill="*neutral_50",
    body_background_fill_dark="*neutral_950",
    body_text_color="*neutral_900",
    body_text_color_dark="*neutral_100",
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_400",
    background_fill_primary="white",
    background_fill_primary_dark="*neutral_900",
    background_fill_secondary="*neutral_100",
    background_fill_secondary_dark="*neutral_800",
    block_background_fill="white",
    block_background_fill_dark="*neutral_900",
    block_border_width="0px",
    checkbox_border_color="*neutral_400",
    checkbox_border_color_dark="*neutral_500",
    block_shadow="none",
    block_info_text_color="*neutral_600",
    block_info_text_color_dark="*neutral_400",
    block_label_text_color="*neutral_700",
    block_label_text_color_dark="*neutral_200",
    block_title_text_color="*neutral_900",
    block_title_text_color_dark="*neutral_100",
    block_title_text_weight="500",
    border_color_primary="*neutral_200",
    border_color_primary_dark="*neutral_800",
    border_color_accent="*primary_600",
    color_accent="*primary_600",
    color_accent_soft="*primary_50",
    color_accent_soft_dark="*primary_950",
    input_background_fill="white",
    input_background_fill_dark="*neutral_900",
    input_border_color="*neutral_300",
    input_border_color_dark="*neutral_700",
    input_border_width="1px",
    button_primary_background_fill="*primary_600",
    button_primary_background_fill_hover="*primary_700",
    button_primary_background_fill_dark="*primary_300",
    button_primary_background_fill_hover_dark="*primary_200",
    button_primary_text_color="white",
    button_primary_text_color_dark="*neutral_950",
    button_secondary_background_fill="white",
    button_secondary_background_fill_hover="*neutral_100",
    button_secondary_background_fill_dark="*neutral_800",
    button_secondary_background_fill_hover_dark="*neutral_700",
    button_secondary_border_color="*neutral_300",
    button_secondary_border_color_dark="*neutral_700",
    button_secondary_text_color="*neutral_900",
    button_secondary_text_color_dark="*neutral_100",
    button_border_width="1px",
    button_large_radius="12px",
    button_medium_radius="10px",
    button_small_radius="10px",
    button_primary_border_color="transparent",
    button_primary_border_color_dark="transparent",
    link_text_color="*primary_700",
    link_text_color_dark="*primary_300",
    slider_color="*primary_600",
    slider_color_dark="*primary_300",
    checkbox_background_color_selected="*primary_600",
    checkbox_background_color_selected_dark="*primary_600",
    checkbox_label_border_width="1px",
    stat_background_fill="*primary_600",
    stat_background_fill_dark="*primary_300",
)


def style_sheet() -> str:
    """All style sheets in `assets`, in the order of their names."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(ASSETS.glob("*.css")))


def head() -> str:
    """The scripts of the whole page, for its <head>."""
    return "".join(f"<script>{script(name)}</script>" for name in ("page", "again", "access", "place", "history"))


def introduction() -> str:
    """What other sites show beside a link to the page, as HTML; `{address}` stands for the page's own."""
    description = html.escape(DESCRIPTION, quote=True)
    picture = f"{{address}}{SOCIAL_ROUTE}"
    values = {"og:title": TITLE, "og:description": description, "og:image": picture, "og:url": "{address}/"}
    told = "".join(f'<meta property="{name}" content="{value}">' for name, value in values.items())
    return f'<meta name="description" content="{description}">{told}<meta name="twitter:image" content="{picture}">'
