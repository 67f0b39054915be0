"""What the measures of the BigGAN prior tab say, in English and in Chinese."""

from __future__ import annotations

from gpunit.ui.texts import Texts

LABELS: Texts = {
    "tab_agreement": ("Agreement", "一致性"),
    "agreement_heading": (
        "### What two classes share\nOne code drawn as two classes, next to two codes: 0 where the class leaves no "
        "trace, 1 where it changes as much as another code would. Left in E_c's content (L_dis), right in the "
        "generator's features at 8×8. Similar classes stand beside each other.",
        "### 两个类别的共同之处\n同一隐码画成两个类别，与两个隐码相比：0 表示类别不留痕迹，"
        "1 表示与换一个隐码相差一样大。"
        "左为 E_c 的内容（L_dis），右为生成器 8×8 的特征。相似的类别排在一起。",
    ),
    "agreement_classes": ("Classes", "类别"),
    "agreement_classes_info": ("The grid's columns, or many of the prior's", "网格的各列，或先验的许多类别"),
    "agreement_grid": ("The grid's", "网格的"),
    "agreement_many": ("Many", "许多"),
    "agreement_spread": ("How many", "多少个"),
    "agreement_spread_info": ("Spread evenly over all", "均匀取自全部"),
    "agreement_codes": ("Codes", "隐码"),
    "agreement_codes_info": ("Each is drawn as every class", "每个都画成所有类别"),
    "agreement_go": ("Measure", "测量"),
    "agreement_stop": ("Stop", "停止"),
    "agreement_content": ("Agreement of contents", "内容的一致性"),
    "agreement_features": ("Agreement of features", "特征的一致性"),
    "pair_heading": (
        "### The pairs behind a cell\nClick a cell, or choose two classes: the codes that agree most and least, with "
        "their content maps.",
        "### 一格背后的图片对\n点击一格，或选择两个类别：最一致与最不一致的隐码，以及它们的内容图。",
    ),
    "pair_one": ("One class", "一个类别"),
    "pair_one_info": ("Upper line", "上面一行"),
    "pair_other": ("Another class", "另一个类别"),
    "pair_other_info": ("Lower line", "下面一行"),
    "pairs": ("Pairs", "图片对"),
    "accuracy_heading": (
        "### How well it is found\nRandom places inside an object, looked for in the other classes: how often the best "
        "match lies inside the other object, next to what the same position finds.",
        "### 对应的准确程度\n在其他类别中寻找物体内的随机位置：最佳匹配落在另一物体内的比例，与直接取同一位置相比。",
    ),
    "accuracy_go": ("Measure every layer", "测量每一层"),
}

NOTICES: Texts = {
    "matrix_content": ("content", "内容"),
    "matrix_features": ("features", "特征"),
    "agreement_line": (
        "{classes} classes, {codes} codes: on average {content} in contents, {features} in features.",
        "{classes} 个类别，{codes} 个隐码：内容平均 {content}，特征平均 {features}。",
    ),
    "agreement_going": ("{done} of {total} pictures are drawn.", "已画 {done} / {total} 张图片。"),
    "agreement_none": (
        "Stopped before two codes were done: measure again, with fewer classes.",
        "在完成两个隐码之前停止：请用较少的类别再次测量。",
    ),
    "agreement_group": ("| Group | Classes | Such as |", "| 组 | 类别数 | 例如 |"),
    "agreement_two": ("Choose at least two classes in the grid.", "请在网格中至少选择两个类别。"),
    "agreement_first": ("Measure first; then choose two classes.", "请先测量，再选择两个类别。"),
    "pair_line": (
        "{one} and {other}: {content} in contents, {features} in features. Above each column: its code's distance.",
        "{one} 与 {other}：内容 {content}，特征 {features}。每列上方为该隐码的距离。",
    ),
    "accuracy_head": (
        "| Layer | Map | Inside the other object | Same position | Points above |",
        "| 层 | 特征图 | 落在另一物体内 | 同一位置 | 高出的百分点 |",
    ),
    "accuracy_line": (
        "{codes} codes as {classes} classes. The object is found by class activation; ± is the standard error over "
        "codes.",
        "{codes} 个隐码，{classes} 个类别。物体由类激活找到；± 为各隐码间的标准误差。",
    ),
    "accuracy_none": (
        "No object was found in these pictures; choose other classes.",
        "在这些图片中未找到物体；请选择其他类别。",
    ),
    "legend_content": (
        "E_c(x), 8×8: what the content encoder keeps of the picture. One scale for the whole grid, from the lowest "
        "value to the highest.",
        "E_c(x)，8×8：内容编码器从图片中保留的内容。整个网格同一标度，从最低值到最高值。",
    ),
    "legend_shape": (
        "F_s(E_c(x)), 16×16: the shape that is read off the content alone; bright is the object.",
        "F_s(E_c(x))，16×16：仅从内容读出的形状；亮处为物体。",
    ),
    "legend_instance": (
        "x_s: where a classifier finds the object in the picture; white is the object, grey its border.",
        "x_s：分类器在图片中找到的物体；白色为物体，灰色为边界。",
    ),
    "legend_low": ("low", "低"),
    "legend_high": ("high", "高"),
    "legend_ground": ("surroundings", "背景"),
    "legend_object": ("object", "物体"),
}
