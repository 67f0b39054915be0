"""What all tabs say, in English and in Chinese; what one tab says alone is in that tab's folder."""

from __future__ import annotations

from collections.abc import Mapping

from gpunit.zoo.table import DATA_LICENCE, PUBLISHED_LICENCE

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
    "tab_translate": ("Translate", "翻译"),
    "tab_styles": ("Styles", "风格"),
    "tab_prior": ("BigGAN prior", "BigGAN 先验"),
    "tab_masks": ("Skip masks", "跳连掩码"),
    "picture": ("Picture", "图片"),
    "drop_photo": ("Drop a photo here", "把照片拖到这里"),
    "examples": ("Examples", "示例"),
    "upload": ("Upload a photo", "上传照片"),
    "find_subject": ("Find the subject", "寻找主体"),
    "frame": (
        "What the network sees: drag to move, wheel or pinch to zoom; arrow keys, plus and minus do the same",
        "网络所见：拖动移动，滚轮或双指缩放；方向键与加减键亦可",
    ),
    "cells": (
        "Rows and columns of pictures: arrow keys go between them, Enter chooses one",
        "按行与列排列的图片：方向键移动，回车选择",
    ),
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
        "What it translates → what it draws: generator G and style encoder E_s, figure 4",
        "源域 → 目标域：生成器 G 与风格编码器 E_s，图 4",
    ),
    "seed": ("Seed", "随机种子"),
    "seed_info": ("The same seed, the same pictures: z ~ N(0, I)", "种子相同，图片相同：z ~ N(0, I)"),
    "new_seed": ("New seed", "换一个种子"),
    "temperature": ("Variety", "多样性"),
    "temperature_info": (
        "Temperature of z: 0 is one middle style, 1 what it learnt",
        "z 的温度：0 只有一种居中的风格，1 为学到的多样性",
    ),
    "by_sample": ("Drawn styles", "随机风格"),
    "by_exemplar": ("From a picture", "取自图片"),
    "exemplar": ("Picture whose style is taken, the exemplar y", "提供风格的图片，即参考图片 y"),
    "drop_exemplar": ("Drop a picture whose style is wanted", "把带有所需风格的图片拖到这里"),
    "exemplar_examples": ("Target pictures", "目标域图片"),
    "download": ("Download", "下载"),
    "here": ("on this machine", "已在本机"),
    "not_here": ("not on this machine", "不在本机"),
    "example_bird_lark": ("Lark", "云雀"),
    "example_bird_lorikeet": ("Lorikeet", "彩虹鹦鹉"),
    "example_bird_pigeon": ("Pigeon", "鸽子"),
    "example_bird_tawny_owl": ("Tawny owl", "灰林鸮"),
    "example_bird_toucan": ("Toucan", "巨嘴鸟"),
    "example_car_beetle": ("Red car", "红色轿车"),
    "example_car_dumper": ("Dumper", "翻斗车"),
    "example_car_pickup": ("Pickup truck", "皮卡"),
    "example_car_sedan": ("Blue car", "蓝色轿车"),
    "example_cat_chelsea": ("Cat", "猫"),
    "example_dog_fox": ("Fox", "狐狸"),
    "example_dog_husky": ("Husky", "哈士奇"),
    "example_dog_shepherd": ("German shepherd", "德国牧羊犬"),
    "about_heading": ("## About", "## 关于"),
    "about_what": (
        "**What it is.** GP-UNIT translates pictures between kinds that no one paired. A BigGAN taught it which dogs "
        "and cats share a pose; a content encoder keeps that layout, and a generator draws it in the other kind.",
        "**这是什么。** GP-UNIT 在没有配对数据的类别之间翻译图片。BigGAN 让它知道哪些狗与猫姿态相同；"
        "内容编码器保留这种布局，生成器再把它画成另一类。",
    ),
    "about_paper": (
        "**Paper and code.** [Unsupervised Image-to-Image Translation with Generative Prior](https://arxiv.org/abs/"
        "2204.03641), Yang, Jiang, Liu and Loy, CVPR 2022. This page and its models are an independent work with code "
        "under Apache 2.0.",
        "**论文与代码。** [Unsupervised Image-to-Image Translation with Generative Prior](https://arxiv.org/abs/"
        "2204.03641)，Yang、Jiang、Liu 与 Loy，CVPR 2022。本页面及其模型为独立作品，代码采用 Apache 2.0 许可。",
    ),
    "about_licences": (
        "**Licences.** The bundled models may be used for non-commercial research: AFHQ, CUB-200-2011 and Stanford "
        "Cars, which they learnt from, ask for it. The published models are under S-Lab License 1.0, non-commercial.",
        "**许可。** 自带模型仅供非商业研究：其训练数据 AFHQ、CUB-200-2011 与 Stanford Cars 如此要求。"
        "论文发布的模型采用 S-Lab License 1.0，仅限非商业用途。",
    ),
    "about_limits": (
        "**Limits.** Bundled models draw 128 pixels and know cats, dogs, birds and cars, close up. Other subjects, "
        "several at once, or far away, give odd results. Your pictures stay on this server for two hours at most.",
        "**局限。** 自带模型输出 128 像素，只认识近景的猫、狗、鸟和汽车。其他对象、多个对象或远景会得到奇怪的结果。"
        "您的图片在服务器上最多保留两小时。",
    ),
    "about_examples": (
        "**Example pictures.** Chelsea the cat by Stéfan van der Walt (CC0); shepherd and owl from GCompris (GPL-3); "
        "all others from Tux Paint's stamps (GPL-2). None was used in training.",
        "**示例图片。** 猫 Chelsea 由 Stéfan van der Walt 拍摄（CC0）；牧羊犬与猫头鹰来自 GCompris（GPL-3）；"
        "其余来自 Tux Paint 图章（GPL-2）。均未用于训练。",
    ),
}

# Terms of models in Chinese, by how the table of models states them.
LICENCES: Mapping[str, str] = {
    DATA_LICENCE: "仅供非商业研究（训练数据：AFHQ、CUB-200-2011、Stanford Cars 与一组狗的照片）",
    PUBLISHED_LICENCE: "S-Lab License 1.0：仅限非商业用途",
    "your own": "您自己的",
    "not stated": "未注明",
}

NOTICES: Texts = {
    "mistake": ("Error", "错误"),
    "warning": ("Warning", "警告"),
    "remark": ("Info", "提示"),
    "download_cancelled": (
        "The download was cancelled; what came is kept, and the next try goes on from it.",
        "下载已取消；已收到的部分会保留，下次从该处继续。",
    ),
    "no_picture": (
        "Give a picture first: upload one, use the webcam, or pick an example.",
        "请先给出一张图片：上传、拍摄或选择示例。",
    ),
    "no_exemplar": (
        "Give an exemplar first: a picture of the target domain whose style is wanted.",
        "请先给出参考图片：一张带有所需风格的目标域图片。",
    ),
    "no_subject": (
        "No animal or car was recognised: the frame is around what stands out most. Drag it where you want it.",
        "没有认出动物或汽车：选框围住最显眼之处，可拖动调整。",
    ),
    "rendering": ("Rendering", "正在绘制"),
    "unit_pictures": ("pictures", "张图片"),
    "unit_photos": ("photos", "张照片"),
    "unit_steps": ("steps", "步"),
    "unit_codes": ("codes", "个隐码"),
    "unit_frames": ("frames", "帧"),
    "style_number": ("style {number}", "风格 {number}"),
    "render_time": (
        "{count} × {each} ms  ·  {resolution} px on {device}",
        "{count} × {each} 毫秒  ·  {resolution} px，{device}",
    ),
}
