"""What all tabs say, in English and in Chinese; what one tab says alone is in that tab's folder."""

from __future__ import annotations

from collections.abc import Mapping

# By key: the English text and the Chinese one.
Texts = Mapping[str, tuple[str, str]]

# Domains in Chinese; their English names are the keys.
DOMAINS: Mapping[str, str] = {
    "cat": "猫",
    "dog": "狗",
    "bird": "鸟",
    "car": "汽车",
    "wild": "野生动物",
    "face": "人脸",
    "male": "男性",
    "female": "女性",
    "metface": "艺术人像",
    "picture": "图片",
}

LABELS: Texts = {
    "title": (
        "# GP-UNIT Explorer\nA dog becomes a cat, a bird or a car, and keeps its layout: unsupervised image-to-image "
        "translation with a generative prior.",
        "# GP-UNIT Explorer\n狗变成猫、鸟或汽车，而布局不变：基于生成先验的无监督图像翻译。",
    ),
    "tab_translate": ("Translate", "翻译"),
    "tab_styles": ("Styles", "风格"),
    "tab_prior": ("BigGAN prior", "BigGAN 先验"),
    "tab_masks": ("Skip masks", "跳连掩码"),
    "picture": ("Picture", "图片"),
    "drop_photo": ("Drop a photo here", "把照片拖到这里"),
    "preview": ("What the network sees", "网络所见"),
    "examples": ("Examples", "示例"),
    "find_subject": ("Find the subject", "寻找主体"),
    "crop": ("Adjust the crop", "调整裁剪"),
    "zoom": ("Zoom", "缩放"),
    "zoom_info": (
        "1 is the largest square; the paper crops close to the object",
        "1 为最大的方形；论文紧贴物体裁剪",
    ),
    "across": ("Left to right", "从左到右"),
    "across_info": ("Place of the square that E_c reads as x", "E_c 读作 x 的方形的水平位置"),
    "down": ("Top to bottom", "从上到下"),
    "down_info": ("The same, vertically", "同上，竖直位置"),
    "model": ("Model", "模型"),
    "model_info": (
        "Source domains → target domain: the generator G and its E_s (figure 4)",
        "源域 → 目标域：生成器 G 与其风格编码器 E_s（图 4）",
    ),
    "seed": ("Seed", "随机种子"),
    "seed_info": ("Of z ~ N(0, I): the same seed gives the same pictures", "用于 z ~ N(0, I)：种子相同，图片相同"),
    "new_seed": ("New seed", "换一个种子"),
    "temperature": ("Temperature", "温度"),
    "temperature_info": (
        "Scale of z in s = T(z): 0 is one middle style, 1 the variety it learnt",
        "s = T(z) 中 z 的尺度：0 只有一种居中的风格，1 为学到的多样性",
    ),
    "by_sample": ("Drawn styles", "随机风格"),
    "by_exemplar": ("Style of a picture", "取自图片的风格"),
    "exemplar": ("Exemplar y", "参考图片 y"),
    "exemplar_examples": ("Target pictures", "目标域图片"),
    "download": ("Download", "下载"),
    "here": ("on this machine", "已在本机"),
    "not_here": ("not on this machine", "不在本机"),
}

NOTICES: Texts = {
    "no_picture": (
        "Give a picture first: upload one, use the webcam, or pick an example.",
        "请先给出一张图片：上传、拍摄或选择示例。",
    ),
    "no_exemplar": (
        "Give an exemplar first: a picture of the target domain whose style is wanted.",
        "请先给出参考图片：一张带有所需风格的目标域图片。",
    ),
    "style_number": ("style {number}", "风格 {number}"),
    "render_time": (
        "{count} × {each} ms  ·  {resolution} px on {device}",
        "{count} × {each} 毫秒  ·  {resolution} px，{device}",
    ),
}
