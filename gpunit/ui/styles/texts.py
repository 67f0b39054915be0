"""What the Styles tab says, in English and in Chinese."""

from __future__ import annotations

from gpunit.ui.texts import Texts

LABELS: Texts = {
    "styles_origin_heading": (
        "### Start from a style\nThe mean of all it learnt, one drawn at random, s = T(z), or a picture's, s = E_s(y).",
        "### 起始风格\n所学风格的均值，随机抽取的 s = T(z)，或图片的 s = E_s(y)。",
    ),
    "origin": ("Start from", "起始风格"),
    "by_mean": ("The mean", "均值"),
    "by_one_sample": ("A drawn style", "随机风格"),
    "seed_style_info": ("Of z: the same seed gives the same style", "用于 z：种子相同，风格相同"),
    "styles_result_heading": (
        "### Your picture in this style\nDrag an axis below and watch it follow: G(E_c(x), s).",
        "### 此风格下的图片\n拖动下方的一条轴，图片随之变化：G(E_c(x), s)。",
    ),
    "styles_source": ("The picture as the network sees it", "网络所见的图片"),
    "styles_result": ("In the current style", "当前风格"),
    "axes_heading": (
        "### What styles differ in\nFrom the widest difference down, each between its two ends. Principal axes of the "
        "style codes of real targets (published models: of draws), share of variance, in deviations from the mean.",
        "### 风格之间的差异\n差异最大者在前，两端各示一图。即真实目标图片风格编码的主成分轴（论文发布的模型："
        "抽取的风格），"
        "附方差占比，以偏离均值的标准差为单位。",
    ),
    "axis": ("Axis", "轴"),
    "rename": ("Rename", "重命名"),
    "axes_shown": ("Axes shown", "显示的轴数"),
    "axes_shown_info": (
        "The others stay where they are: s has more numbers than these",
        "其余的轴保持原位：s 的维数更多",
    ),
    "reset": ("Reset", "重置"),
    "use_a": ("Use as A", "用作 A"),
    "use_b": ("Use as B", "用作 B"),
    "tab_row": ("Many pictures", "多张图片"),
    "row_heading": (
        "### One style, many pictures\nSources above, translations below: the style s is shared, each keeps its "
        "layout E_c(x).",
        "### 一种风格，多张图片\n上排为源图，下排为译图：风格 s 相同，各自保留布局 E_c(x)。",
    ),
    "row": ("Sources above, translations below", "上排为源图，下排为译图"),
    "draw_row": ("Draw in the current style", "以当前风格绘制"),
    "tab_grid": ("Grid", "网格"),
    "grid_heading": (
        "### Between four styles\nThe current style top left, drawn ones in the other corners, bilinear in s between. "
        "Click a cell to go on from it.",
        "### 四种风格之间\n对 s 双线性插值：左上角是当前风格，其余三角为随机风格。点击一格，由它继续。",
    ),
    "grid": ("Grid", "网格"),
    "corner_seed": ("Seed of three corners", "三个角的种子"),
    "corner_seed_info": ("Of their z: the same seed draws the same corners", "用于各角的 z：种子相同，角相同"),
    "draw_grid": ("Draw from the current style", "从当前风格绘制"),
    "current_style": ("The current style", "当前风格"),
    "tab_ends": ("A and B", "A 与 B"),
    "strip_heading": (
        "### From A to B\n“Use as A” and “Use as B” above set the ends; at first both are drawn. (1 - t)·A + t·B.",
        "### 从 A 到 B\n(1 - t)·A + t·B。上方的“用作 A”“用作 B”设定两端；起初二者均为随机风格。",
    ),
    "strip": ("From A to B", "从 A 到 B"),
    "length": ("Pictures", "图片数"),
    "length_info": ("In equal steps of t", "t 等距取值"),
    "mixed_heading": (
        "### Levels of the generator mixed\nA, the mixture, B. Every level takes a style through AdaIN: choose A's or "
        "B's for each band.",
        "### 混合生成器的各层\nA、混合、B。每一层都通过 AdaIN 接受风格：为每个层段选择 A 或 B。",
    ),
    "mixed": ("A, mixed, B", "A、混合、B"),
    "band_coarse": ("Coarse levels", "粗层"),
    "band_coarse_info": ("AdaIN's s: build, large areas", "AdaIN 的 s：体形、大块区域"),
    "band_middle": ("Middle levels", "中层"),
    "band_middle_info": ("AdaIN's s: parts", "AdaIN 的 s：部件"),
    "band_fine": ("Fine levels", "细层"),
    "band_fine_info": ("AdaIN's s: colours", "AdaIN 的 s：颜色"),
    "animation_heading": (
        "### Animation\nFrom A to B and back, without end.",
        "### 动画\n从 A 到 B 再返回，循环不止。",
    ),
    "format": ("Format", "格式"),
    "format_info": ("Of (1 - t)·A + t·B as a film", "把 (1 - t)·A + t·B 做成影片"),
    "frames": ("Frames from A to B", "从 A 到 B 的帧数"),
    "frames_info": ("Steps of t, 20 a second", "t 的步数，每秒 20 帧"),
    "animate": ("Make the animation", "制作动画"),
    "animation": ("Animation", "动画"),
    "tab_file": ("Save and load", "保存与载入"),
    "file_heading": (
        "### The style as a file\nThe numbers of s, and the sha256 of the weights they belong to.",
        "### 风格文件\ns 的各个数值，以及它所属权重的 sha256。",
    ),
    "save_style": ("Save the current style as JSON", "把当前风格保存为 JSON"),
    "load_style": ("Load a style from JSON", "从 JSON 载入风格"),
}

NOTICES: Texts = {
    "axis_end": ("Axis {number} at {place}", "轴 {number}，位于 {place}"),
    "other_grid": ("This grid belongs to another model; draw it again.", "该网格属于另一个模型，请重新绘制。"),
    "coarse_from": ("coarse levels ({sizes} px) from {choice}", "粗层（{sizes} px）取自 {choice}"),
    "middle_from": ("middle levels ({sizes} px) from {choice}", "中层（{sizes} px）取自 {choice}"),
    "fine_from": ("fine levels ({sizes} px) from {choice}", "细层（{sizes} px）取自 {choice}"),
}
