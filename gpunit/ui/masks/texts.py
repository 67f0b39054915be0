"""What the Skip masks tab says, in English and in Chinese."""

from __future__ import annotations

from gpunit.ui.texts import Texts

LABELS: Texts = {
    "coarse_skip": ("Coarse skip, 16×16", "粗跳连，16×16"),
    "coarse_skip_info": (
        "Rough colours and outlines. The mask used is min(1, s·m): 0 switches the skip off, 1 is the model's",
        "大致的颜色与轮廓。实际所用的掩码是 min(1, s·m)：0 关闭跳连，1 为模型本身",
    ),
    "fine_skip": ("Fine skip, 32×32", "细跳连，32×32"),
    "fine_skip_info": ("Edges and markings; otherwise the same", "边缘与斑纹；其余同上"),
    "paint_heading": (
        "### What does the result keep of the photo?\nPaint where it should keep nothing. Right: without the skips, "
        "and with them as set here, (1\u00a0-\u00a0m)·f_G\u00a0+\u00a0m·f_E.",
        "### 结果保留了照片的什么？\n涂抹之处不再保留。右图：无跳连，与如此处所设的跳连，"
        "(1\u00a0-\u00a0m)·f_G\u00a0+\u00a0m·f_E。",
    ),
    "paint_canvas": ("The picture that is painted on", "涂抹的图片"),
    "paint_label": (
        "Drag over the picture to paint the skips off; arrow keys move the brush (Shift: less far), Space paints",
        "在图片上拖动，涂掉跳连；方向键移动画笔（Shift：小步），空格涂抹",
    ),
    "brush": ("Brush", "画笔"),
    "brush_info": ("Where m = 0: radius in % of the side", "m = 0 的范围：半径，占边长的百分比"),
    "undo": ("Undo", "撤销"),
    "clear": ("Clear", "清除"),
    "masks_heading": (
        "### Where it looks at the photo\nThe masks m. Bright: taken from the photo's features. Dark: the generator's "
        "own. Each bar gives the scale.",
        "### 它在何处参考照片\n掩码 m。亮处取自照片的特征，暗处由生成器自己生成。色条给出刻度。",
    ),
    "layer_16": ("Coarse layer, 16×16", "粗层，16×16"),
    "layer_32": ("Fine layer, 32×32", "细层，32×32"),
    "view": ("Channels", "通道"),
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
        "### Channels of one layer\nThose that open, strongest first, each with its number and mean. Click one to see "
        "it over the photo.",
        "### 一层的各个通道\n只列开启的通道，最强者在前，标有编号与均值。点击即可叠在照片上查看。",
    ),
    "channels": ("Open channels", "开启的通道"),
    "styled": ("The same masks in other styles", "同样的掩码，其他风格"),
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
    "mask_shut": (
        "This layer is shut for this picture: no channel opens, nothing of the photo passes here.",
        "对这张图片，该层是关闭的：没有通道开启，照片的信息不会从这里通过。",
    ),
    "channel_caption": ("ch {channel} · {mean}", "通道 {channel} · {mean}"),
    "mask_values": ("values of m above 0", "m 大于 0 的值"),
    "mask_histogram": ("Histogram of the mask's values above 0", "掩码中大于 0 的值的直方图"),
    "effect": (
        "The skips change a colour by {apart:.1f} of 255 on average.",
        "跳连使颜色平均改变 {apart:.1f}（满值 255）。",
    ),
    "effect_handed": (
        "This is the style of your translation; another seed below takes its place.",
        "此处为您译图的风格；更换下方的种子即可替换。",
    ),
    "effect_painted": (
        "The skips change a colour by {apart:.1f} of 255 on average, with {share:.0%} of the picture painted off.",
        "跳连使颜色平均改变 {apart:.1f}（满值 255），其中图片的 {share:.0%} 已涂掉。",
    ),
}
