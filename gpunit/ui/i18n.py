"""What the page says, in English and in Chinese; the browser's language decides, and the footer's settings may.

`LABELS` stand on the page and are put in by the browser (gr.I18n); `NOTICES` are said by events, in the language
that the visitor's browser asks for.  Labels are ICU messages: no braces, no angle brackets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from gpunit import zoo

Both = tuple[str, str]

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

_PAGE: Mapping[str, Both] = {
    "title": (
        "# GP-UNIT Explorer\nA dog becomes a cat, a bird or a car, and keeps its layout: unsupervised image-to-image "
        "translation with a generative prior.",
        "# GP-UNIT Explorer\n狗变成猫、鸟或汽车，而布局不变：基于生成先验的无监督图像翻译。",
    ),
    "tab_translate": ("Translate", "翻译"),
    "tab_styles": ("Styles", "风格"),
    "tab_prior": ("BigGAN prior", "BigGAN 先验"),
    "tab_masks": ("Skip masks", "跳连掩码"),
}

_SHARED: Mapping[str, Both] = {
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

_TRANSLATE: Mapping[str, Both] = {
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

_STYLES: Mapping[str, Both] = {
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

_PRIOR: Mapping[str, Both] = {
    "prior_heading": (
        "### One latent code z, many classes\nBigGAN's pictures of one z share pose and layout (section 3).",
        "### 一个隐码 z，多个类别\n由同一个 z 生成的 BigGAN 图片共享姿态与布局（第 3 节）。",
    ),
    "prior": ("Prior", "先验"),
    "prior_info": (
        "The class-conditional BigGAN that draws; stage I distils E_c from one",
        "作图的类别条件 BigGAN；第一阶段由这样的模型蒸馏出 E_c",
    ),
    "classes": ("Classes l: one column each", "类别 l：每个一列"),
    "classes_info": ("Type to search by name", "输入名称即可搜索"),
    "rows": ("Latent codes z: one row each", "隐码 z：每个一行"),
    "rows_info": ("x and y of one z are a training pair of stage I", "同一个 z 的 x 与 y 是第一阶段的一个训练对"),
    "truncation": ("Truncation", "截断"),
    "truncation_info": (
        "Scale of z: less is safer, and more alike. The paper's pairs take 0.5 and 1",
        "z 的尺度：越小越稳妥，也越相似。论文的图片对取 0.5 与 1",
    ),
    "kept": ("Keep rows", "保留的行"),
    "kept_info": ("Their z stay when the seed changes", "换种子时，这些行的 z 不变"),
    "below": ("Under each picture", "每张图片下方"),
    "below_info": (
        "Content: 8×8, what translation keeps. Shape: what F_s reads off it (L_srec). Instance map: found in the "
        "picture by class activation",
        "内容：8×8，翻译所保留的。形状：F_s 从中读出的（L_srec）。实例图：由类激活在图片中找到",
    ),
    "map_nothing": ("Nothing", "无"),
    "map_content": ("Content map E_c(x)", "内容图 E_c(x)"),
    "map_shape": ("Shape F_s(E_c(x))", "形状 F_s(E_c(x))"),
    "map_instance": ("Instance map x_s", "实例图 x_s"),
    "draw": ("Draw", "绘制"),
    "prior_grid_heading": (
        "### G(z, l)\nRows share a latent code z, columns a class l. Click a place in a picture.",
        "### G(z, l)\n同行共享隐码 z，同列共享类别 l。点击图片中的一处。",
    ),
    "prior_grid": ("Grid", "网格"),
    "tab_correspondence": ("Correspondence", "对应"),
    "correspondence_heading": (
        "### The same place in every class\nWhere the clicked place's feature (the generator's at 8×8) is found again: "
        "brighter is more alike, the ring is the best match.",
        "### 各类别中的同一处\n所点之处的特征（生成器 8×8 层）在何处再现：越亮越相似，圆圈为最佳匹配。",
    ),
    "matches": ("Matches", "匹配"),
    "clicked": ("Clicked picture", "所点图片"),
    "send": ("Translate this picture", "翻译这张图片"),
    "tab_walk": ("Walk", "行走"),
    "walk_heading": (
        "### From one code to another\nAll classes at once, along the great circle between two rows' codes z.",
        "### 从一个隐码到另一个\n所有类别同时沿两行隐码 z 之间的大圆变化。",
    ),
    "walk_from": ("From row", "起始行"),
    "walk_from_info": ("Its z is the start", "以它的 z 为起点"),
    "walk_to": ("To row", "终止行"),
    "walk_to_info": ("Its z is the end", "以它的 z 为终点"),
    "walk_place": ("How far", "进度"),
    "walk_place_info": ("0 is the first z, 1 the second", "0 为第一个 z，1 为第二个"),
    "walked": ("On the way", "途中"),
    "tab_invert": ("A photo as a code", "照片的隐码"),
    "invert_heading": (
        "### E(photo) = z\nAn encoder infers the latent code of a photo; the prior draws it in every class.",
        "### E(照片) = z\n编码器推断照片的隐码，先验再把它画成每个类别。",
    ),
    "photo": ("Photo", "照片"),
    "invert_empty": (
        "Give a photo, or click an example, and its drawings appear here.",
        "给出一张照片或点击示例，画出的图片会显示在这里。",
    ),
    "inverted": ("The photo, and its code drawn as every class", "照片，以及它的隐码画成的各个类别"),
    "tab_agreement": ("Agreement", "一致性"),
    "agreement_heading": (
        "### How much of the content is the code's\nThe distance |E_c(x) - E_c(y)| of L_dis, of one code drawn as two "
        "classes, in units of two codes: 0 where the class leaves no trace, 1 where the code leaves none.",
        "### 内容有多少来自隐码\nL_dis 中的距离 |E_c(x) - E_c(y)|：同一隐码画成两个类别，以两个隐码之间的距离为单位；"
        "0 表示类别不留痕迹，1 表示隐码不留痕迹。",
    ),
    "agreement": ("Agreement", "一致性"),
}

_MASKS: Mapping[str, Both] = {
    "masks_content_heading": (
        "### Content: the picture x\nThe masks are made of it alone. Upload, webcam, paste, or an example.",
        "### 内容：图片 x\n掩码只由它决定。可上传、拍摄、粘贴，或选择示例。",
    ),
    "strength_heading": (
        "### Strength s of each skip\nThe mask used is min(1, s·m): 0 switches a skip off, 1 is the model's.",
        "### 每层跳连的强度 s\n实际所用的掩码是 min(1, s·m)：0 关闭跳连，1 为模型本身。",
    ),
    "coarse_skip": ("Coarse skip, 16×16", "粗跳连，16×16"),
    "coarse_skip_info": (
        "m of the first skip layer: keeps rough colours and outlines",
        "第一层跳连的 m：保留大致的颜色与轮廓",
    ),
    "fine_skip": ("Fine skip, 32×32", "细跳连，32×32"),
    "fine_skip_info": ("m of the second: keeps edges and markings", "第二层的 m：保留边缘与斑纹"),
    "paint_heading": (
        "### Paint the skips off\nClick the picture: there m = 0 in both layers, and nothing of x's features is kept.",
        "### 涂掉跳连\n点击图片：该处两层的 m = 0，x 的特征一点也不保留。",
    ),
    "brush": ("Brush", "画笔"),
    "brush_info": ("Where m = 0: radius in % of the side", "m = 0 的范围：半径，占边长的百分比"),
    "undo": ("Undo", "撤销"),
    "clear": ("Clear", "清除"),
    "masks_heading": (
        "### Masks m\nBright: taken from x's features. Dark: the generator's own. Each bar gives the scale.",
        "### 掩码 m\n亮处取自 x 的特征，暗处由生成器自己生成。色条给出刻度。",
    ),
    "view": ("Channels of m", "m 的通道"),
    "view_info": ("m has one map for each feature channel", "每个特征通道各有一张 m"),
    "view_mean": ("Mean", "平均"),
    "view_strongest": ("Strongest", "最强"),
    "view_one": ("One", "单个"),
    "strongest_count": ("How many", "数量"),
    "strongest_count_info": ("Channels of m, averaged", "对 m 的若干通道取平均"),
    "channel_16": ("Channel of 16×16", "16×16 的通道"),
    "channel_32": ("Channel of 32×32", "32×32 的通道"),
    "channel_info": ("Of m, counted from 0", "m 的通道，从 0 数起"),
    "opacity": ("Opacity", "不透明度"),
    "opacity_info": ("Of m over the picture x", "m 叠在图片 x 上"),
    "colormap": ("Colours", "配色"),
    "colormap_info": ("Of m, from 0 to its largest value", "m 从 0 到最大值"),
    "masks_compare_heading": (
        "### Without and with skips\nLeft: content map and style only, f_G. Right: (1 - m)·f_G + m·f_E, with m as set "
        "here.",
        "### 无跳连与有跳连\n左：只有内容图与风格，f_G。右：(1 - m)·f_G + m·f_E，m 如此处所设。",
    ),
    "masks_compare": ("Without and with skips", "无跳连与有跳连"),
    "one_mask_heading": (
        "### One set of masks, every style\nm = tanh(relu(W_m ∘ [h, f_E])) never sees the style s: another seed "
        "changes these pictures, and not one number of the masks above.",
        "### 一组掩码，所有风格\nm = tanh(relu(W_m ∘ [h, f_E])) 看不到风格 s："
        "换一个种子，这些图片会变，而上面的掩码一个数也不变。",
    ),
    "style_seed": ("Style seed", "风格种子"),
    "style_seed_info": ("0: the mean style. Others draw s = T(z)", "0：平均风格。其余抽取 s = T(z)"),
    "other_styles": ("Other styles", "换一组风格"),
    "channels_heading": (
        "### Channels of one layer\nStrongest m first, each with its number and mean, coloured from 0 to 1. Click one "
        "to enlarge it.",
        "### 一层的各个通道\nm 最强者在前，标有编号与均值，按 0 到 1 着色。点击可放大。",
    ),
    "layer": ("Layer", "层"),
    "layer_info": ("The level l of m, by its side", "m 所在的层 l，以边长表示"),
    "chosen_channel": ("Chosen channel", "所选通道"),
    "download_npz": ("Download all masks (NPZ)", "下载全部掩码（NPZ）"),
    "download_png": ("Download heatmaps (ZIP of PNG)", "下载热图（PNG 的 ZIP）"),
}


def _model_titles() -> dict[str, Both]:
    """The domain pair of every model in the table."""
    return {
        f"model_{name}": (
            spec.title,
            f"{' / '.join(DOMAINS.get(source, source) for source in spec.sources)} → "
            f"{DOMAINS.get(spec.target, spec.target)}",
        )
        for name, spec in zoo.MODELS.items()
    }


LABELS: Mapping[str, Both] = {
    **_PAGE,
    **_SHARED,
    **_TRANSLATE,
    **_STYLES,
    **_PRIOR,
    **_MASKS,
    **_model_titles(),
}

NOTICES: Mapping[str, Both] = {
    "not_in_link": (
        "A picture of your own is not part of a link; save as JSON to hand it on.",
        "链接不含您自己的图片；如需分享，请保存为 JSON。",
    ),
    "bad_link": (
        "This link says something that the page cannot do; it opens as usual.",
        "该链接含有本页面无法处理的内容，页面照常打开。",
    ),
    "no_picture": (
        "Give a picture first: upload one, use the webcam, or pick an example.",
        "请先给出一张图片：上传、拍摄或选择示例。",
    ),
    "no_exemplar": (
        "Give an exemplar first: a picture of the target domain whose style is wanted.",
        "请先给出参考图片：一张带有所需风格的目标域图片。",
    ),
    "unlike": (
        "This does not look like {sources}, what this model was trained on; the result may surprise.",
        "这看起来不像该模型训练所用的{sources}，结果可能出人意料。",
    ),
    "unlike_but": (
        "This looks like a {seen}, not like {sources}, what this model was trained on; the result may surprise.",
        "这看起来是{seen}，而不是该模型训练所用的{sources}，结果可能出人意料。",
    ),
    "style_number": ("style {number}", "风格 {number}"),
    "style_mean": ("mean style", "平均风格"),
    "style_seed": ("seed {seed}, style 1", "种子 {seed}，风格 1"),
    "mask_facts": (
        "{zero} of m is exactly 0; {alive} of {channels} channels ever open.",
        "m 的 {zero} 恰为 0；曾开启的通道有 {alive} 个，共 {channels} 个。",
    ),
    "mask_values": ("values of m above 0", "m 大于 0 的值"),
    "mask_histogram": ("Histogram of the mask's values above 0", "掩码中大于 0 的值的直方图"),
    "other_weights": (
        "These settings were saved with other weights of {model}: the pictures will differ.",
        "这些设置是用 {model} 的另一版权重保存的，图片会有所不同。",
    ),
    "translate_time": (
        "plan {plan} ms  ·  {count} × {style} ms a style  ·  {resolution} px on {device}, {dtype}",
        "规划 {plan} 毫秒  ·  {count} × 每种风格 {style} 毫秒  ·  {resolution} px，{device}，{dtype}",
    ),
    "render_time": (
        "{count} × {each} ms  ·  {resolution} px on {device}",
        "{count} × {each} 毫秒  ·  {resolution} px，{device}",
    ),
    "effect": (
        "The skips change a colour by {apart:.1f} of 255 on average.",
        "跳连使颜色平均改变 {apart:.1f}（满值 255）。",
    ),
    "effect_painted": (
        "The skips change a colour by {apart:.1f} of 255 on average, with {share:.0%} of the picture painted off.",
        "跳连使颜色平均改变 {apart:.1f}（满值 255），其中图片的 {share:.0%} 已涂掉。",
    ),
    "no_entry": ("Click a picture of the history first.", "请先点击历史中的一张图片。"),
    "too_many_pins": ("{most} pictures are pinned already; unpin one first.", "已固定 {most} 张图片，请先取消一张。"),
}

I18N = gr.I18n(
    en={key: english for key, (english, _) in LABELS.items()},
    zh={key: chinese for key, (_, chinese) in LABELS.items()},
)


def text(key: str) -> Any:
    """A label, for the browser to put in its language.  (Any: not all of Gradio's signatures know that they take it.)

    Raises:
        KeyError: for a key that is not among `LABELS`.
    """
    if key not in LABELS:
        raise KeyError(f"there is no text {key!r}")
    return I18N(key)


def notice(key: str, **values: object) -> str:
    """What an event says, in the language that the visitor's browser asks for; English to programs.

    Raises:
        KeyError: for a key that is not among `NOTICES`, or a value that is missing.
    """
    english, chinese = NOTICES[key]
    return (chinese if reads_chinese() else english).format(**values)


def domain_name(domain: str) -> str:
    """A domain, for a notice."""
    return DOMAINS.get(domain, domain) if reads_chinese() else domain


def listed(domains: tuple[str, ...]) -> str:
    """Domains as a list with "or", for a notice."""
    names = [domain_name(domain) for domain in domains]
    if reads_chinese():
        return "、".join(names[:-1]) + ("或" if len(names) > 1 else "") + names[-1]
    names = [f"a {name}" for name in names]
    return ", ".join(names[:-1]) + (" or " if len(names) > 1 else "") + names[-1]


def reads_chinese() -> bool:
    """Whether the browser of the visitor whose event is running asks for Chinese first."""
    request = LocalContext.request.get(None)
    return request is not None and str(request.headers.get("accept-language", "")).lower().startswith("zh")
