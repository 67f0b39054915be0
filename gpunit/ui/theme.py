"""The page's look: one theme without outside fonts, and the little CSS that Gradio has no setting for."""

from __future__ import annotations

import gradio as gr

_SANS = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]

THEME = gr.themes.Default(
    primary_hue="teal", secondary_hue="amber", neutral_hue="stone", font=_SANS, font_mono=_MONO, radius_size="md"
).set(
    body_background_fill="*neutral_50",
    body_background_fill_dark="*neutral_950",
    block_shadow="none",
    block_border_width="1px",
)

# The examples' size is given, so that nothing below them moves while their pictures load.
CSS = """
.gradio-container { max-width: 1200px !important; margin: 0 auto !important; }
#title h1 { font-size: 1.6rem; margin: 0.4rem 0 0; letter-spacing: -0.01em; }
#title p { margin: 0.1rem 0 0.4rem; opacity: 0.75; }
.quiet { opacity: 0.75; font-size: 0.85rem; }
.quiet p { margin: 0; }
.heading h3 { margin: 0.2rem 0 0; font-size: 1rem; }
.heading p { margin: 0; font-size: 0.85rem; opacity: 0.75; }
.hint { border-inline-start: 3px solid var(--secondary-400); padding-inline-start: 0.6rem; font-size: 0.85rem; }
.hint p { margin: 0.2rem 0; }
.gallery-item .container { width: 80px; height: 80px; }
#gallery .grid-wrap, .captioned .grid-wrap, #masks-styles .grid-wrap, #masks-channels .grid-wrap {
  min-height: 0 !important;
}
.captioned .grid-wrap { max-height: none !important; }
#history .grid-container { grid-template-columns: repeat(6, 1fr) !important; }
#targets .grid-container { grid-template-columns: repeat(4, 1fr) !important; }
@media (max-width: 640px) {
  #title, .tabs { max-width: calc(100vw - 4rem); }
  #history .grid-container { grid-template-columns: repeat(3, 1fr) !important; }
  #targets .grid-container { grid-template-columns: repeat(2, 1fr) !important; }
  .fills { height: auto !important; aspect-ratio: 1; }
  .captioned .caption-label, #masks-channels .caption-label { font-size: 0.65rem; padding: 0 0.2rem; }
  #masks-styles .grid-container, #masks-channels .grid-container { grid-template-columns: repeat(3, 1fr) !important; }
}
.mask-bar { height: 10px; border-radius: 3px; }
.mask-ends { display: flex; justify-content: space-between; font-size: 0.75rem; opacity: 0.75; }
[id^="masks-facts"] p { margin: 0.4rem 0; font-size: 0.85rem; }
[id^="masks-facts"] svg { display: block; width: 100%; fill: var(--primary-500); stroke: none; }
[id^="masks-facts"] svg line { stroke: currentColor; stroke-width: 0.6; opacity: 0.5; }
.fills img { width: 100%; height: 100%; object-fit: contain; }
footer { opacity: 0.6; }
"""

# Gradio refuses, in its own words, pictures whose kind the browser does not know, as HEIC on most systems.  Chosen and
# dropped ones get their kind by their suffix, so that the server can read them or say what is wrong.  Files that are
# pasted, which Gradio does not see, go to the picture that is looked at.
HEAD = """<script>
(() => {
  const known = /\\.(heic|heif|hif|jp2|j2k|jpx|jpf|tiff?|avif|dib|p[bgpn]m|jfif)$/i;
  const kind = (file) => file.type.startsWith("image/") ? null : known.exec(file.name)?.[1].toLowerCase();
  const typed = (files) => {
    const all = new DataTransfer();
    for (const file of files) {
      all.items.add(kind(file) ? new File([file], file.name, { type: "image/" + kind(file) }) : file);
    }
    return all;
  };
  const takesPictures = (input) => input.type === "file" && /image/.test(input.accept);
  document.addEventListener("change", (event) => {
    if (takesPictures(event.target) && event.target.files.length) event.target.files = typed(event.target.files).files;
  }, true);
  document.addEventListener("drop", (event) => {
    if (![...(event.dataTransfer?.files || [])].some(kind)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dataTransfer = typed(event.dataTransfer.files);
    event.target.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
  }, true);
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files || [];
    const isTyping = event.target.closest?.("input, textarea") && event.clipboardData?.types.includes("text/plain");
    const isLookedAt = (input) => takesPictures(input) && input.closest(".block")?.checkVisibility();
    const input = [...document.querySelectorAll("input[type=file]")].find(isLookedAt);
    if (isTyping || !files.length || !input) return;
    event.preventDefault();
    input.files = typed([files[0]]).files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
</script>"""
