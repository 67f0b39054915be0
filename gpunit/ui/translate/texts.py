"""What the Translate tab says, in English and in Chinese."""

from __future__ import annotations

from gpunit.ui.texts import Texts

LABELS: Texts = {
    "hero": (
        "# Turn a dog into a cat. Keep the pose.\nGive it a photo of an animal or a car: GP-UNIT draws the same view "
        "of another kind, in as many styles as you like. It runs on this machine.",
        "# 把狗变成猫，姿态不变。\n给它一张动物或汽车的照片：GP-UNIT 会画出另一种类的同一视角，风格任选。"
        "全部在本机运行。",
    ),
    "hero_strip": (
        "A photo of a dog, and the cat, the bird and the car that were made of it",
        "一张狗的照片，以及由它画成的猫、鸟和汽车",
    ),
    "targets_heading": ("### Turn it into", "### 变成"),
    "targets": ("Turn it into", "变成"),
    "more_models": ("More models…", "更多模型…"),
    "hub_name": ("From the Hugging Face Hub", "来自 Hugging Face Hub"),
    "hub_name_info": ("A translator that someone has pushed there", "他人上传到那里的翻译模型"),
    "hub_placeholder": ("owner/name", "所有者/名称"),
    "hub_find": ("Find", "查找"),
    "guidance": ("Style", "风格"),
    "count": ("How many styles", "风格数量"),
    "count_info": ("One s = T(z) for each draw of z", "每抽取一次 z，得到一种 s = T(z)"),
    "translate": ("Translate", "翻译"),
    "translations": ("Translations", "译图"),
    "compare": ("Before and after", "翻译前后"),
    "to_styles": ("Explore this style", "探索这种风格"),
    "to_masks": ("See what it keeps", "查看它保留了什么"),
    "download_all": ("Download all", "全部下载"),
    "tab_all": ("All targets", "所有目标域"),
    "all_heading": (
        "### One photo, every target\nA row for each small translator here. They read the picture with one content "
        "encoder, E_c; generator G and style sampler T are each target's own.",
        "### 一张照片，所有目标域\n每行是一个小型翻译模型。它们用同一个内容编码器 E_c 读取图片；"
        "生成器 G 与风格采样器 T 各属其目标域。",
    ),
    "all_button": ("Translate to all targets", "翻译到所有目标域"),
    "all_gallery": ("One row per target", "每行一个目标域"),
    "tab_history": ("History", "历史"),
    "history_heading": (
        "### What you made\nKept by this browser alone: the last 12, and up to 12 that you pin. Click one, then show "
        "it again, open it in another tab, or pin it: picture, crop, model and style come back.",
        "### 你的作品\n只保存在这个浏览器里：最近 12 张，以及最多 12 张已固定的。点击一张，可以重现、"
        "在其他标签页中打开或固定：图片、裁剪、模型与风格都会恢复。",
    ),
    "history_empty": ("What you make gathers here.", "你的作品会收集在这里。"),
    "pin": ("Pin or unpin", "固定或取消固定"),
    "again": ("Show again", "重现"),
    "forget": ("Forget all but the pinned", "除固定的以外全部清除"),
    "tab_share": ("Share", "分享"),
    "share_heading": (
        "### All that made these pictures\nAs a file: the square of the picture, the model, and the style as a seed or "
        "as its exemplar. Loaded elsewhere, it gives the same pictures. A link does so too, for example pictures, and "
        "every PNG that you save here, with its photo.",
        "### 得到这些图片所需的一切\n存为文件：图片的方形区域、模型，以及风格（种子或参考图片）。"
        "在别处载入，得到同样的图片。若用的是示例图片，链接也能做到；"
        "在此保存的每个 PNG 配上原照片也能做到。",
    ),
    "share_save": ("Save as JSON", "保存为 JSON"),
    "share_load": ("Load a PNG or JSON", "载入 PNG 或 JSON"),
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
    "hub_offer": (
        "**{name}** · {domains} · {resolution} px · to be downloaded: about {megabytes} MB  \nLicence: {licence}  \n"
        "Shared by a stranger on the Hub: its file holds numbers alone and is checked before use.",
        "**{name}** · {domains} · {resolution} 像素 · 需下载约 {megabytes} MB  \n许可证：{licence}  \n"
        "由他人在 Hub 上分享：文件只含数值，使用前会检查。",
    ),
    "model_offer": (
        "**{name}** · {resolution} px · to be downloaded: about {megabytes} MB  \nLicence: {licence}  \n"
        "Source: {paper}  \nIt was trained to translate pictures of: {sources}.",
        "**{name}** · {resolution} px · 需下载约 {megabytes} MB  \n许可：{licence}  \n来源：{paper}  \n"
        "训练用于翻译这些类别的图片：{sources}。",
    ),
    "agree_first": ("Agree to the licence first: {licence}.", "请先同意许可：{licence}。"),
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
    "entry_waits": (
        "Everything is set as it was, but the server no longer has the photo; now drop the photo of {width} × {height} "
        "pixels that this was made of.",
        "一切已恢复原样，但服务器已没有那张照片；请再拖入生成它所用的照片（{width} × {height} 像素）。",
    ),
    "entry_photo_gone": (
        "The server no longer has the photo of {width} × {height} pixels that this was made of; drop it above, then "
        "open this again.",
        "服务器已没有生成它所用的照片（{width} × {height} 像素）；请在上方再次拖入该照片，然后重新打开。",
    ),
    "bad_entry": (
        "This entry is damaged, or of another version of the page; make the picture anew.",
        "此条记录已损坏，或来自其他版本的页面；请重新生成图片。",
    ),
    "no_entry": ("Click a picture of the history first.", "请先点击历史中的一张图片。"),
    "too_many_pins": ("12 pictures are pinned already; unpin one first.", "已固定 12 张图片，请先取消一张。"),
}
