"""What the page says about results that say how they were made, about many photos, and about clips."""

from __future__ import annotations

from gpunit.ui.texts import Texts

LABELS: Texts = {
    "signs": ("Write into every PNG how it was made", "在每个 PNG 中写入生成方式"),
    "signs_info": (
        "Model, style, crop and digests; no names, no paths, no pictures. Drop such a PNG on the page to make it again",
        "模型、风格、裁剪与摘要；不含文件名、路径或图片。把这样的 PNG 拖到页面上即可重现",
    ),
    "stop": ("Stop", "停止"),
    "tab_many": ("Many photos", "多张照片"),
    "many_heading": (
        "### Many photos at once\nAll of them in the style that is compared above, or each in a style of its own. "
        "Up to 32; you download all as a ZIP.",
        "### 一次翻译多张照片\n全部采用上方正在对比的风格，或每张各用一种风格。最多 32 张，可打包下载为 ZIP。",
    ),
    "many_files": ("Photos", "照片"),
    "many_styling": ("Styles", "风格"),
    "many_styling_info": (
        "The style that is compared above, or one draw of z for each photo, by the seed above",
        "上方正在对比的风格；或按上方的种子为每张照片各抽取一次 z",
    ),
    "many_one": ("One style for all", "全部同一风格"),
    "many_each": ("A style each", "每张一种风格"),
    "many_finds": ("Find the subject of each", "在每张中寻找主体"),
    "many_finds_info": ("Otherwise the centre is taken", "否则取中央区域"),
    "many_go": ("Translate all", "全部翻译"),
    "many_pairs": ("Photos and their translations", "照片与译图"),
    "tab_clip": ("A clip", "短片"),
    "clip_heading": (
        "### A clip in one style\nAt most 10 seconds of MP4, WebM or GIF, up to 15 frames a second, in the style that "
        "is compared above.",
        "### 一种风格的短片\n最长 10 秒的 MP4、WebM 或 GIF，每秒最多 15 帧，采用上方正在对比的风格。",
    ),
    "clip_file": ("Clip", "短片"),
    "clip_kind": ("Format", "格式"),
    "clip_finds": ("Find the subject", "寻找主体"),
    "clip_finds_info": ("In the first frame; otherwise the centre is taken", "在第一帧中寻找；否则取中央区域"),
    "clip_go": ("Translate the clip", "翻译短片"),
    "clip_frame": ("The frame at work", "正在处理的帧"),
    "clip_result": ("The translated clip", "翻译后的短片"),
}

NOTICES: Texts = {
    "photo_missing": (
        "Everything is set as it was for this picture; now drop the photo of {width} × {height} pixels that it was "
        "made of, or drop the picture once more to translate it itself.",
        "一切已恢复到生成这张图片时的设置；请再拖入生成它所用的照片（{width} × {height} 像素），"
        "或再次拖入这张图片，将它本身作为照片翻译。",
    ),
    "no_files": (
        "Give some photos first: drop them, or choose them from a folder.",
        "请先给出照片：拖入或从文件夹中选择。",
    ),
    "too_many_files": (
        "{most} photos at a time is the most, and these are {count}; take some out, or use the command line.",
        "一次最多 {most} 张照片，而这里有 {count} 张；请减少数量，或使用命令行。",
    ),
    "many_done": ("{done} of {count} photos translated", "已翻译 {done} / {count} 张照片"),
    "no_clip": (
        "Give a clip first: an MP4, WebM or GIF of at most 10 seconds.",
        "请先给出短片：最长 10 秒的 MP4、WebM 或 GIF。",
    ),
    "clip_done": ("{done} of {count} frames  ·  {rate} a second", "{done} / {count} 帧  ·  每秒 {rate} 帧"),
}
