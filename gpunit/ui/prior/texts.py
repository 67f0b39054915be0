"""What the BigGAN prior tab says, in English and in Chinese."""

from __future__ import annotations

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
        "### Rows share a pose, columns a kind\nG(z, l): a latent code z for each row, a class l for each column. "
        "Click a place in a picture.",
        "### 同行姿态相同，同列种类相同\nG(z, l)：每行一个隐码 z，每列一个类别 l。点击图片中的一处。",
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
        "### A photo in every kind\nAn encoder infers the latent code of a photo, E(photo) = z; the prior draws it "
        "in every class.",
        "### 照片变成每个种类\n编码器推断照片的隐码，E(照片) = z；先验再把它画成每个类别。",
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

NOTICES: Texts = {
    "no_class": ("Choose at least one class.", "请至少选择一个类别。"),
}
