"""What the Translate tab says, in English and in Chinese."""

from __future__ import annotations

from gpunit.ui.texts import Texts

LABELS: Texts = {
    "content_heading": (
        "### Content: the picture x\nIts layout is kept. Upload, webcam, paste, or an example.",
        "### 内容：图片 x\n保留它的布局。可上传、拍摄、粘贴，或选择示例。",
    ),
    "style_heading": (
        "### Style: s\nDrawn by the style sampler, s = T(z), or taken from a target picture y, s = E_s(y).",
        "### 风格：s\n由风格采样器抽取，s = T(z)；或取自目标域图片 y，s = E_s(y)。",
    ),
    "guidance": ("Guidance", "引导方式"),
    "count": ("How many styles", "风格数量"),
    "count_info": ("One draw of z, and one style s = T(z), for each", "每种风格抽取一次 z，s = T(z)"),
    "translate": ("Translate", "翻译"),
    "translations_heading": (
        "### Translations: G(E_c(x), s)\nClick one to compare it with the input below.",
        "### 译图：G(E_c(x), s)\n点击一张，在下方与输入对比。",
    ),
    "translations": ("Translations", "译图"),
    "compare": ("Before and after", "翻译前后"),
    "to_styles": ("Explore this style", "探索这种风格"),
    "to_masks": ("Look at its skip masks", "查看跳连掩码"),
    "download_all": ("Download all as ZIP", "全部下载（ZIP）"),
    "tab_all": ("All targets", "所有目标域"),
    "all_heading": (
        "### One photo, every target\nA row for each small translator here. The bundled ones share one E_c (stage I "
        "makes it domain-agnostic); G and T are each target's own.",
        "### 一张照片，所有目标域\n每行是一个小型翻译模型。自带的模型共用一个 E_c（第一阶段使它与域无关），"
        "G 与 T 各属其目标域。",
    ),
    "all_button": ("Translate to all targets", "翻译到所有目标域"),
    "all_gallery": ("One row per target", "每行一个目标域"),
    "tab_history": ("History", "历史"),
    "history_heading": (
        "### What you made\nYours alone, until you leave the page: the last 12, and what you pin. Click one, then pin "
        "it or show it again: x, crop, model and the seed of z come back.",
        "### 你的作品\n只有你能看到，离开页面即消失：保留最近 12 张和已固定的。点击一张，"
        "可以固定或重现：图片 x、裁剪、模型与 z 的种子都会恢复。",
    ),
    "history_empty": ("Your translations gather here once you click Translate.", "点击“翻译”之后，译图会收集在这里。"),
    "history": ("History", "历史"),
    "pin": ("Pin or unpin", "固定或取消固定"),
    "again": ("Show again", "重现"),
    "forget": ("Forget all but the pinned", "除固定的以外全部清除"),
    "tab_share": ("Share", "分享"),
    "share_heading": (
        "### All that made these pictures\nAs a file: the square of x, the model, and s as a seed or as its exemplar "
        "y. Loaded elsewhere, it gives the same pictures. A link does so too, for example pictures.",
        "### 得到这些图片所需的一切\n存为文件：x 的方形区域、模型，以及风格 s（种子或参考图片 y）。"
        "在别处载入，得到同样的图片。若用的是示例图片，链接也能做到。",
    ),
    "share_save": ("Save as JSON", "保存为 JSON"),
    "share_load": ("Load from JSON", "载入 JSON"),
    "share_link": ("Copy a link", "复制链接"),
    "link": ("Link", "链接"),
    "link_info": (
        "Model, styles and example pictures; copied already where the browser allows",
        "模型、风格与示例图片；浏览器允许时已复制",
    ),
    "agree": ("I agree to the licence", "我同意该许可"),
    "agree_info": ("Asked once for this installation", "每次安装只问一次"),
    "download_model": ("Download this model", "下载这个模型"),
}

NOTICES: Texts = {
    "not_in_link": (
        "A picture of your own is not part of a link; save as JSON to hand it on.",
        "链接不含您自己的图片；如需分享，请保存为 JSON。",
    ),
    "bad_link": (
        "This link says something that the page cannot do; it opens as usual.",
        "该链接含有本页面无法处理的内容，页面照常打开。",
    ),
    "unlike": (
        "This does not look like {sources}, what this model was trained on; the result may surprise.",
        "这看起来不像该模型训练所用的{sources}，结果可能出人意料。",
    ),
    "unlike_but": (
        "This looks like a {seen}, not like {sources}, what this model was trained on; the result may surprise.",
        "这看起来是{seen}，而不是该模型训练所用的{sources}，结果可能出人意料。",
    ),
    "other_weights": (
        "These settings were saved with other weights of {model}: the pictures will differ.",
        "这些设置是用 {model} 的另一版权重保存的，图片会有所不同。",
    ),
    "translate_time": (
        "plan {plan} ms  ·  {count} × {style} ms a style  ·  {resolution} px on {device}, {dtype}",
        "规划 {plan} 毫秒  ·  {count} × 每种风格 {style} 毫秒  ·  {resolution} px，{device}，{dtype}",
    ),
    "no_entry": ("Click a picture of the history first.", "请先点击历史中的一张图片。"),
    "too_many_pins": ("{most} pictures are pinned already; unpin one first.", "已固定 {most} 张图片，请先取消一张。"),
}
