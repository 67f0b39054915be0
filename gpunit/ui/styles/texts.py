"""What the Styles tab says, in English and in Chinese."""

from __future__ import annotations

from gpunit.ui.texts import Texts

LABELS: Texts = {
    "styles_content_heading": (
        "### Content: the picture x\nIts layout is kept, whatever the style.",
        "### 内容：图片 x\n无论风格如何，都保留它的布局。",
    ),
    "styles_origin_heading": (
        "### Start from a style: s\nThe style bank's mean, a draw s = T(z), or a target picture's s = E_s(y).",
        "### 起始风格：s\n风格库的均值，抽取的 s = T(z)，或目标域图片的 s = E_s(y)。",
    ),
    "origin": ("Start from", "起始风格"),
    "by_mean": ("The mean", "均值"),
    "by_one_sample": ("A drawn style", "随机风格"),
    "seed_style_info": ("Of z: the same seed gives the same style", "用于 z：种子相同，风格相同"),
    "styles_result_heading": (
        "### G(E_c(x), s)\nSource, and the picture in the current style: drag an axis and watch it follow.",
        "### G(E_c(x), s)\n源图，以及当前风格下的图片：拖动一条轴，图片随之变化。",
    ),
    "styles_source": ("Source x", "源图 x"),
    "styles_result": ("In the current style", "当前风格"),
    "axes_heading": (
        "### Axes of the style space\nPrincipal axes of the style bank (codes E_s(y) of real targets; of published "
        "models, draws T(z)), and their shares of its variance; in deviations from the mean.",
        "### 风格空间的轴\n风格库（真实目标图片的编码 E_s(y)；论文发布的模型为抽取的 T(z)）的主成分轴"
        "及其方差占比；以偏离均值的标准差为单位。",
    ),
    "axis": ("Axis", "轴"),
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
        "### One style, many pictures\nSources above, translations below: s is shared, each keeps the layout E_c(x).",
        "### 一种风格，多张图片\n上排为源图，下排为译图：风格 s 相同，各自保留布局 E_c(x)。",
    ),
    "row": ("Sources above, translations below", "上排为源图，下排为译图"),
    "draw_row": ("Draw in the current style", "以当前风格绘制"),
    "tab_grid": ("Grid", "网格"),
    "grid_heading": (
        "### Between four styles\nBilinear in s: the current style top left, drawn ones in the other corners. Click a "
        "cell to go on from it.",
        "### 四种风格之间\n对 s 双线性插值：左上角是当前风格，其余三角为随机风格。点击一格，由它继续。",
    ),
    "grid": ("Grid", "网格"),
    "corner_seed": ("Seed of three corners", "三个角的种子"),
    "corner_seed_info": ("Of their z: the same seed draws the same corners", "用于各角的 z：种子相同，角相同"),
    "draw_grid": ("Draw from the current style", "从当前风格绘制"),
    "current_style": ("The current style", "当前风格"),
    "tab_ends": ("A and B", "A 与 B"),
    "strip_heading": (
        "### From A to B\n(1 - t)·A + t·B. “Use as A” and “Use as B” above set the ends; at first both are drawn.",
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
    "other_grid": ("This grid belongs to another model; draw it again.", "该网格属于另一个模型，请重新绘制。"),
    "coarse_from": ("coarse levels ({sizes} px) from {choice}", "粗层（{sizes} px）取自 {choice}"),
    "middle_from": ("middle levels ({sizes} px) from {choice}", "中层（{sizes} px）取自 {choice}"),
    "fine_from": ("fine levels ({sizes} px) from {choice}", "细层（{sizes} px）取自 {choice}"),
}
