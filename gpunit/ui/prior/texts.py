"""What the BigGAN prior tab says, in English and in Chinese."""

from __future__ import annotations

from gpunit.prior.table import TERMS
from gpunit.ui.texts import Texts

LABELS: Texts = {
    "prior_heading": (
        "### One pose, many animals\nBigGAN's pictures of one latent code z share pose and layout: this taught "
        "GP-UNIT (section 3).",
        "### 一种姿态，多种动物\n由同一个隐码 z 生成的 BigGAN 图片共享姿态与布局，GP-UNIT 由此学会（第 3 节）。",
    ),
    "prior": ("Prior", "先验"),
    "prior_info": (
        "The class-conditional BigGAN that draws; stage I distils E_c from one",
        "作图的类别条件 BigGAN；第一阶段由这样的模型蒸馏出 E_c",
    ),
    "download_prior": ("Download this prior", "下载这个先验"),
    "cancel_download": ("Cancel", "取消"),
    "classes": ("Kinds: one column each", "种类：每个一列"),
    "classes_info": ("BigGAN's classes l; type to search by name", "BigGAN 的类别 l；输入名称即可搜索"),
    "rows": ("Poses: one row each", "姿态：每个一行"),
    "rows_info": (
        "Latent codes z; x and y of one z are a training pair of stage I",
        "隐码 z；同一个 z 的 x 与 y 是第一阶段的一个训练对",
    ),
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
        "### Rows share a pose, columns a kind\n"
        "One random number, drawn as a cat, a dog, a bird, a car: the pose stays.",
        "### 同行姿态相同，同列种类相同\n同一个随机数，画成猫、狗、鸟、汽车：姿态不变。",
    ),
    "prior_grid": ("Grid", "网格"),
    "mark_pointer": (
        "Click a place, or drag a box: every column shows where it has the same. Arrow keys move the mark (Shift: one "
        "pixel, Ctrl: one picture), Esc clears it.",
        "点击一处或拖出一个框：每列显示对应之处。方向键移动标记（Shift：一个像素，Ctrl：一张图片），Esc 清除。",
    ),
    "mark_layer": ("Compared layer", "比较的层"),
    "mark_layer_info": (
        "Of the generator, with the size of its map: the cosine of its features finds the place again",
        "生成器的层及其特征图尺寸：以其特征的余弦相似度寻找对应之处",
    ),
    "tab_correspondence": ("Correspondence", "对应"),
    "correspondence_heading": (
        "### The marked picture\nThe features of one of the generator's layers say what lies where. Brighter is more "
        "alike; the white ring is the best match, the contour the region's.",
        "### 所标记的图片\n生成器某层的特征说明何物在何处。越亮越相似；白圈为最佳匹配，轮廓为区域的匹配。",
    ),
    "clicked": ("Marked picture", "所标记的图片"),
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
    "tab_directions": ("Directions", "方向"),
    "directions_heading": (
        "### Principal axes of z\nThe directions in which the features at 8×8 vary most over many z (GANSpace). A "
        "slider moves one code in every class at once, in standard deviations.",
        "### z 的主轴\n许多 z 的 8×8 特征变化最大的方向（GANSpace）。滑块同时移动一个隐码的所有类别，以标准差为单位。",
    ),
    "directions": ("Moved row", "移动后的行"),
    "moved_from": ("Row", "行"),
    "moved_from_info": ("Whose z is moved", "移动哪一行的 z"),
    "prior_axis": ("Axis", "主轴"),
    "axis_info": ("Standard deviations of z", "z 的标准差"),
    "axis_which": ("Which one is named", "为哪一个命名"),
    "axis_notes": ("Name an axis, limit it to layers, save and load", "为主轴命名、限定层、保存与载入"),
    "axis_name": ("Name", "名称"),
    "note_axis": ("Remember", "记住"),
    "save_axes": ("Save as JSON", "保存为 JSON"),
    "load_axes": ("Load JSON", "载入 JSON"),
    "keep_moved": ("Add as a row", "加为一行"),
    "reset_axes": ("Back to zero", "归零"),
    "layer_first": ("First layer", "起始层"),
    "layer_first_info": ("The first that is told the moved z", "从此层起使用移动后的 z"),
    "layer_last": ("Last layer", "终止层"),
    "layer_last_info": ("The last one", "到此层为止"),
    "tab_mixing": ("Between classes", "类别之间"),
    "mixing_heading": (
        "### Class embeddings, mixed\nEarly layers decide on layout, late ones on texture: mix in a range of layers.",
        "### 混合的类别嵌入\n前面的层决定布局，后面的层决定纹理：可只在某些层混合。",
    ),
    "mixing": ("Mixture", "混合"),
    "mix_a": ("Class A", "类别 A"),
    "mix_a_info": ("Its embedding is what the others join", "其他嵌入加入它"),
    "mix_b": ("Class B", "类别 B"),
    "mix_b_info": ("Joins A", "加入 A"),
    "mix_c": ("Class C", "类别 C"),
    "mix_c_info": ("May be empty", "可为空"),
    "share_b": ("Share of B", "B 的比例"),
    "share_b_info": ("0 is A alone, 1 is B alone", "0 为只有 A，1 为只有 B"),
    "share_c": ("Share of C", "C 的比例"),
    "share_c_info": ("A has the rest", "其余归 A"),
    "mix_first_info": ("The first that is told the mixture", "从此层起使用混合"),
    "mix_last_info": ("The last one; others are told A", "到此层为止；其余层使用 A"),
    "written": ("As it is written in commands", "命令中的写法"),
    "add_column": ("Add as a column", "加为一列"),
    "tab_films": ("Films", "影片"),
    "films_heading": (
        "### A loop, in all classes at once\nOver the grid's rows, over its classes, or along an axis.",
        "### 循环影片，所有类别同时进行\n沿网格的行、类别或某一主轴。",
    ),
    "film": ("Film", "影片"),
    "film_way": ("Way", "方式"),
    "film_way_info": ("What changes from frame to frame", "逐帧变化的内容"),
    "film_codes": ("From row to row", "逐行"),
    "film_classes": ("From class to class", "逐类别"),
    "film_axis": ("Along an axis", "沿主轴"),
    "film_axis_info": ("For films along an axis, see Directions", "用于沿主轴的影片，见“方向”"),
    "film_frames": ("Frames", "帧数"),
    "film_frames_info": ("20 a second", "每秒 20 帧"),
    "film_kind": ("File", "文件"),
    "film_kind_info": ("An MP4 can be scrubbed in the page", "MP4 可在页面中拖动播放"),
    "film_make": ("Make the film", "制作影片"),
}

NOTICES: Texts = {
    "heading_photo": ("photo", "照片"),
    "heading_found": ("found", "结果"),
    "heading_mixture": ("mixture", "混合"),
    "axis_number": ("Axis {number}", "主轴 {number}"),
    "axis_share": ("{share}% of the variance", "方差的 {share}%"),
    "moved_row": ("row {row}, moved", "第 {row} 行，已移动"),
    "other_axes": (
        "These axes are another prior's; choose that prior first.",
        "这些主轴属于另一个先验；请先选择那个先验。",
    ),
    "mark_hint": ("No place is marked.", "没有标记。"),
    "mark_best": ("most similar place", "最相似处"),
    "mark_second": ("second place, elsewhere", "别处的次优"),
    "mark_same": ("same position", "同一位置"),
    "mark_share": ("share of the picture", "占图片的比例"),
    "mark_overlap": ("overlap with the box", "与框的重叠"),
    "mark_sure": (
        "How sure: the best match is {sure} more alike than the second, and {gained} more than the same position.",
        "把握：最佳匹配比次优高 {sure}，比同一位置高 {gained}。",
    ),
    "prior_terms": (
        TERMS,
        "Apache-2.0（DeepMind 的权重，由 Hugging Face 移植）；在 ImageNet 上训练，仅供非商业研究",
    ),
    "prior_offer": (
        "**{name}** · {resolution} px · 1000 classes of ImageNet · to be downloaded: about {megabytes} MB  \n"
        "Terms: {terms}.",
        "**{name}** · {resolution} px · ImageNet 的 1000 个类别 · 需下载约 {megabytes} MB  \n条款：{terms}。",
    ),
    "no_class": ("Choose at least one class.", "请至少选择一个类别。"),
}
