"""What the sections on photos and on the generator's inside say, in English and in Chinese."""

from __future__ import annotations

from gpunit.ui.texts import Texts

LABELS: Texts = {
    "tab_invert": ("A photo as a code", "照片的隐码"),
    "invert_heading": (
        "### A photo in every kind\nAn encoder infers the code, E(photo) = z, at once; a search by gradient finds, in "
        "any prior, the z and the class whose picture is nearest in a frozen network's features.",
        "### 照片变成每个种类\n编码器立即推断隐码，E(照片) = z；梯度搜索则在任何先验中找到图片在冻结网络特征上"
        "最接近的 z 与类别。",
    ),
    "photo": ("Photo", "照片"),
    "invert_empty": (
        "Give a photo, or click an example, and its drawings appear here.",
        "给出一张照片或点击示例，画出的图片会显示在这里。",
    ),
    "inverted": ("The photo, and its code drawn as every class", "照片，以及它的隐码画成的各个类别"),
    "search_steps": ("Steps", "步数"),
    "search_steps_info": (
        "Pictures and gradients computed; a picture of the prior itself takes some 30",
        "计算图片与梯度的次数；先验自己的图片约需 30 步",
    ),
    "search_encoder": ("Start from the encoder", "以编码器为起点"),
    "search_encoder_info": (
        "Where the prior has one; else from the best of many sampled codes",
        "若先验有编码器；否则从许多采样隐码中最好的开始",
    ),
    "search_go": ("Search", "搜索"),
    "search_stop": ("Stop", "停止"),
    "add_found_row": ("Add as a row", "加为一行"),
    "add_found_column": ("Add its class as a column", "把它的类别加为一列"),
    "tab_inside": ("Inside the generator", "生成器内部"),
    "inside_heading": (
        "### What the units of a layer respond to\nA unit is one channel of a layer's map; bright is high. Some follow "
        "the object: ranking compares their maps with its mask in many pictures (GAN Dissection).",
        "### 一层的单元对什么有响应\n单元是某层特征图的一个通道，越亮越高。有些单元跟随物体：排序在许多图片中把它们的图"
        "与物体掩模比较（GAN Dissection）。",
    ),
    "inside": ("The row, its activations, and what switched units make of it", "该行、其激活，以及切换单元后的结果"),
    "inside_row": ("Row", "行"),
    "inside_row_info": ("Whose z is looked into", "查看哪一行的 z"),
    "inside_layer": ("Layer", "层"),
    "inside_layer_info": ("With the size of its map and its units", "附特征图尺寸与单元数"),
    "inside_shown": ("Shown unit", "显示的单元"),
    "inside_shown_info": ("−1: the root mean square of all units", "−1：所有单元的均方根"),
    "rank_units": ("Rank the units", "为单元排序"),
    "ranked_units": ("Units that follow the object, the best first", "跟随物体的单元，最好的在前"),
    "switch_heading": (
        "### What they cause\nPaint a region: there the units are held at their low level (off: 5% of places lie "
        "below) or their high one (on: 95% do), in every class at once.",
        "### 它们引起什么\n涂抹一个区域：其中的单元在所有类别中同时保持低水平（关：5% 的位置低于它）或高水平"
        "（开：95% 的位置低于它）。",
    ),
    "switch_units": ("Units", "单元"),
    "switch_units_info": (
        "Numbers with commas; empty: the 32 best of the ranking",
        "以逗号分隔的编号；留空则为排序中最好的 32 个",
    ),
    "switch_level": ("They are", "状态"),
    "switch_level_info": ("In the painted region; without one, everywhere", "在涂抹区域内；未涂抹则为各处"),
    "switch_off": ("Off", "关"),
    "switch_on": ("On", "开"),
    "switch_go": ("Switch", "切换"),
}

NOTICES: Texts = {
    "invert_read": (
        "The encoder took {seconds} s; the nearest class is {column}, at a feature distance of {distance}.",
        "编码器用时 {seconds} 秒；最近的类别是 {column}，特征距离 {distance}。",
    ),
    "invert_no_encoder": (
        "This prior has no encoder; press Search.",
        "这个先验没有编码器；请按“搜索”。",
    ),
    "search_state": (
        "Step {step} of {steps}, {seconds} s: feature distance {distance}, as {column}.",
        "第 {step} 步，共 {steps} 步，{seconds} 秒：特征距离 {distance}，类别 {column}。",
    ),
    "no_photo_yet": ("Give a photo first.", "请先给出一张照片。"),
    "no_code_yet": ("No code was found yet; give a photo, or search.", "尚未找到隐码；请给出照片或搜索。"),
    "found_row": ("photo", "照片"),
    "unit_iou": ("unit {unit} · IoU {overlap}", "单元 {unit} · IoU {overlap}"),
    "ranked": (
        "{units} units of layer {layer} compared with the object's mask (class activation of EfficientNet-Lite0) in "
        "{pictures} pictures, in {seconds} s. A unit that is on everywhere has an IoU of {chance}.",
        "{units} 个单元（第 {layer} 层）与 {pictures} 张图片中的物体掩模（EfficientNet-Lite0 的类激活）作了比较，"
        "用时 {seconds} 秒。处处激活的单元的 IoU 为 {chance}。",
    ),
    "switched": (
        "{units} units of layer {layer} are switched in {share}% of the picture. Pixels change by {inside} grey levels "
        "inside, by {outside} outside.",
        "{units} 个单元（第 {layer} 层）在图片的 {share}% 中被切换。像素平均变化：区域内 {inside} 灰度级，"
        "区域外 {outside}。",
    ),
    "not_ranked": (
        "Rank the units first, or write their numbers.",
        "请先为单元排序，或写出它们的编号。",
    ),
}
