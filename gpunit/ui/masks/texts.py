"""What the Skip masks tab says, in English and in Chinese."""

from __future__ import annotations

from gpunit.ui.texts import Texts

LABELS: Texts = {
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

NOTICES: Texts = {
    "style_mean": ("mean style", "平均风格"),
    "style_seed": ("seed {seed}, style 1", "种子 {seed}，风格 1"),
    "mask_facts": (
        "{zero} of m is exactly 0; {alive} of {channels} channels ever open.",
        "m 的 {zero} 恰为 0；曾开启的通道有 {alive} 个，共 {channels} 个。",
    ),
    "mask_values": ("values of m above 0", "m 大于 0 的值"),
    "mask_histogram": ("Histogram of the mask's values above 0", "掩码中大于 0 的值的直方图"),
    "effect": (
        "The skips change a colour by {apart:.1f} of 255 on average.",
        "跳连使颜色平均改变 {apart:.1f}（满值 255）。",
    ),
    "effect_painted": (
        "The skips change a colour by {apart:.1f} of 255 on average, with {share:.0%} of the picture painted off.",
        "跳连使颜色平均改变 {apart:.1f}（满值 255），其中图片的 {share:.0%} 已涂掉。",
    ),
}
