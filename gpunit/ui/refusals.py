"""Refusals in Chinese: what the package raises in English, and what the page's server answers.

Errors of the package are English sentences, for the command line as well.  Here each that the page may show stands with
its Chinese; `{0}`, `{1}` ... hold what differs.  A test goes through the places where they are raised.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

_SAVE = "；请另存为 PNG、JPEG 或 WebP 后重试。"
_CLIP = "；请另存为 MP4、WebM 或 GIF 后重试。"
_API = "“通过 API 使用”"

PICTURES: Mapping[str, str] = {
    "{0}: this is a folder; give a picture in it.": "{0}：这是文件夹；请给出其中的一张图片。",
    "{0}: {1}; check the path.": "{0}：{1}；请检查路径。",
    "no ordinary file (a pipe or a device)": "不是普通文件（管道或设备）",
    "there is no such file": "没有这个文件",
    "{0}: not a picture but an empty file; export or download the picture again.": (
        "{0}：不是图片，而是空文件；请重新导出或下载。"
    ),
    "{0}: larger than {1} MB; make it smaller and try again.": "{0}：大于 {1} MB；请缩小后重试。",
    "{0}: the file cannot be opened ({1}); check its path and its permissions.": (
        "{0}：无法打开文件（{1}）；请检查路径与权限。"
    ),
    "{0}: {1}x{2} pixels are more than {3} megapixels; make it smaller and try again.": (
        "{0}：{1}×{2} 像素，超过 {3} 百万像素；请缩小后重试。"
    ),
    "{0}x{1} pixels are more than {2} megapixels; make it smaller and try again.": (
        "{0}×{1} 像素，超过 {2} 百万像素；请缩小后重试。"
    ),
    "{0}: more than {1} megapixels; make it smaller and try again.": "{0}：超过 {1} 百万像素；请缩小后重试。",
    "{0}: the picture is empty; save it as PNG, JPEG or WebP and try again.": "{0}：图片是空的" + _SAVE,
    "the picture is empty; save it as PNG, JPEG or WebP and try again.": "图片是空的" + _SAVE,
    "{0}: there is not enough memory to read it; make it smaller and try again.": (
        "{0}：内存不足，无法读取；请缩小后重试。"
    ),
    "{0}: damaged or unsupported picture ({1}); save it as PNG, JPEG or WebP and try again.": (
        "{0}：图片已损坏或不受支持（{1}）" + _SAVE
    ),
    "{0}: {1}; save it as PNG, JPEG or WebP and try again.": "{0}：{1}" + _SAVE,
    "a HEIC picture, which cannot be read here": "HEIC 图片，此处无法读取",
    "an AVIF picture, which is damaged or cannot be read here": "AVIF 图片，已损坏或此处无法读取",
    "an SVG drawing, which has no pixels of its own": "SVG 矢量图，本身没有像素",
    "a PDF document, not a picture": "PDF 文档，不是图片",
    "a PostScript drawing, which is not read": "PostScript 图形，无法读取",
    "not a picture that can be read": "不是可以读取的图片",
    "{0}: damaged clip; save it as MP4, WebM or GIF and try again.": "{0}：短片已损坏" + _CLIP,
    "{0}: the clip holds no frame; save it as MP4, WebM or GIF and try again.": "{0}：短片中没有一帧" + _CLIP,
    "{0}: not a clip that can be read; save it as MP4, WebM or GIF and try again.": "{0}：不是可以读取的短片" + _CLIP,
    "{0}: damaged clip, or one without pictures; save it as MP4, WebM or GIF and try again.": (
        "{0}：短片已损坏，或没有画面" + _CLIP
    ),
    "{0}: frames of {1}x{2} pixels are too large; make it smaller and try again.": (
        "{0}：{1}×{2} 像素的画面太大；请缩小后重试。"
    ),
    "{0}: longer than {1} seconds; cut it and try again.": "{0}：超过 {1} 秒；请剪短后重试。",
    "The picture cannot be read; take it again, or upload a file.": "无法读取这张图片；请重新拍摄，或上传文件。",
}

SAVED: Mapping[str, str] = {
    "this is not a saved style; give a JSON file that the Styles tab wrote.": (
        "这不是保存的风格；请给出“风格”标签页写出的 JSON 文件。"
    ),
    "this style belongs to the model {0}, not to {1}; choose that model.": (
        "该风格属于模型 {0}，而非 {1}；请选择那个模型。"
    ),
    "this style was saved with other weights of {0}; it cannot be rendered here.": (
        "该风格是用 {0} 的另一版权重保存的，无法在此绘制。"
    ),
    "a style of {0} has {1} numbers, and this file {2}; save it anew.": (
        "{0} 的风格有 {1} 个数，而此文件有 {2} 个；请重新保存。"
    ),
    "every number of a style is between ±{0}, and not all here are; save it anew.": (
        "风格的每个数都在 ±{0} 之间，而这里并非如此；请重新保存。"
    ),
    "a style of {0} has {1} numbers, not {2}.": "{0} 的风格有 {1} 个数，而不是 {2} 个。",
    "{0} says how it was made in a way that is damaged; give the PNG as it was saved here.": (
        "{0} 中的生成信息已损坏；请给出在此保存的原始 PNG。"
    ),
    "{0} was written by a newer version of GP-UNIT Explorer; update this one and try again.": (
        "{0} 由更新版本的 GP-UNIT Explorer 写出；请更新后重试。"
    ),
    "says how it was made in a way that is damaged; give the PNG as it was saved here.": (
        "生成信息已损坏；请给出在此保存的原始 PNG。"
    ),
    "was written by a newer version of GP-UNIT Explorer; update this one and try again.": (
        "由更新版本的 GP-UNIT Explorer 写出；请更新后重试。"
    ),
    "{0} does not say how it was made; give a PNG as it was saved here (other programs, and messengers, may have "
    "dropped that).": "{0} 没有生成信息；请给出在此保存的原始 PNG（其他程序和聊天软件可能已将其删除）。",
    "{0}: this file holds no settings; give a JSON file that the Share section wrote.": (
        "{0}：此文件不含设置；请给出“分享”一栏写出的 JSON 文件。"
    ),
    "{0} was made with {1}, which is not on this machine; download it first.": (
        "{0} 是用 {1} 生成的，而它不在本机；请先下载。"
    ),
    "{0} was made with {1}, a model that is not known here; put its file among the checkpoints first.": (
        "{0} 是用 {1} 生成的，此处没有这个模型；请先把它的文件放入检查点文件夹。"
    ),
    "{0} was made with other weights of {1} (another sha256); restore those weights to make it again.": (
        "{0} 是用 {1} 的另一版权重生成的（sha256 不同）；恢复那些权重才能重现。"
    ),
}

MODELS: Mapping[str, str] = {
    "{0} is not on this machine; download it first (`python -m gpunit download {1}`).": (
        "{0} 不在本机；请先下载（`python -m gpunit download {1}`）。"
    ),
    "there is no model {0}; choose from {1}.": "没有模型 {0}；请从中选择：{1}。",
    "{0} has changed since it was downloaded (another sha256); delete it and download it again{1}.": (
        "{0} 在下载之后有改动（sha256 不同）；请删除后重新下载{1}。"
    ),
    "{0} is not the content encoder that {1} was trained with; restore both.": (
        "{0} 不是训练 {1} 所用的内容编码器；请恢复二者。"
    ),
    "the weights {0} are not in {1}; put the file there and try again.": "{1} 中没有权重 {0}；请放入该文件后重试。",
    "{0} is damaged ({1}); restore it and try again.": "{0} 已损坏（{1}）；请恢复后重试。",
    "{0} {1} {2} ({3} in all): it does not belong to this model.": "{0} 与该模型不符：{1} {2}（共 {3} 处）。",
    "{0} holds numbers that are not finite (in {1}), from a training that went wrong; restore the file, or train it "
    "anew.": "{0} 含有非有限数值（在 {1} 中），训练出了错；请恢复文件或重新训练。",
    "lacks": "缺少",
    "has the unknown tensor": "多出未知张量",
    "has another shape for": "形状不同：",
    "{0} is not a published model; choose from {1}.": "{0} 不是论文发布的模型；请从中选择：{1}。",
    "{0} is not a published model: there is nothing to download.": "{0} 不是论文发布的模型，没有可下载的文件。",
    "Downloads are switched off on this host; run the app yourself to use the published models.": (
        "本站已关闭下载；如需使用论文发布的模型，请自行运行本程序。"
    ),
    "The model cannot be kept on this machine ({0}): set GPUNIT_CHECKPOINTS to a copy of checkpoints/ that has room "
    "and can be written.": (
        "模型无法保存在本机（{0}）：请把 GPUNIT_CHECKPOINTS 设为空间足够且可写的 checkpoints/ 副本。"
    ),
    "{0}: the file's sha256 is {1}…, not {2}…; try again.": "{0}：文件的 sha256 是 {1}…，而不是 {2}…；请重试。",
    "{0}: the server answered {1}; try again later.": "{0}：服务器答复 {1}；请稍后重试。",
    "{0}: the download broke off ({1}); check the connection and try again, it will be resumed.": (
        "{0}：下载中断（{1}）；请检查网络后重试，将从中断处继续。"
    ),
    "{0}: {1} of {2} bytes came; try again, the download will be resumed.": (
        "{0}：只收到 {2} 字节中的 {1} 字节；请重试，将从中断处继续。"
    ),
    "{0} could not be had from any of its hosts; {1} ({2}).": "任何来源都没有给出 {0}；{1}（{2}）。",
    "name another one with --mirror, or get the file elsewhere and give it": (
        "请用 --mirror 指定其他来源，或从别处取得该文件"
    ),
    "{0}: the Hub's {1} did not give {2} ({3}); check the name and the connection, and try again.": (
        "{0}：Hub 的 {1} 没有给出 {2}（{3}）；请检查名称与网络后重试。"
    ),
    "{0}: Google Drive did not give the file ({1}); its download quota may be used up: try again tomorrow, or fetch "
    "the file with a browser and put it in place.": (
        "{0}：Google Drive 没有给出文件（{1}）；下载配额可能已用尽：请明天重试，或用浏览器下载后放到相应位置。"
    ),
    "{0}: Google Drive did not give the file; try again later.": "{0}：Google Drive 没有给出文件；请稍后重试。",
    "{0}: the server sent a web page instead of the file (a download quota, most likely); try again tomorrow, or fetch "
    "the file with a browser and put it in place.": (
        "{0}：服务器给出的是网页而不是文件（多半是下载配额）；请明天重试，或用浏览器下载后放到相应位置。"
    ),
    "{0} could not be downloaded ({1}); name another source with --mirror or GPUNIT_MIRROR, or fetch the file by hand "
    "and put it into {2}.": (
        "无法下载 {0}（{1}）；请用 --mirror 或 GPUNIT_MIRROR 指定其他来源，或手动取得文件并放入 {2}。"
    ),
    "the file's sha256 is {0}…, not {1}…": "文件的 sha256 是 {0}…，而不是 {1}…",
    "{0} is neither a folder nor a repository of the Hub; give one of them, such as owner/name.": (
        "{0} 既不是文件夹，也不是 Hub 上的仓库；请给出其中之一，如 owner/name。"
    ),
    "{0} is no name of a Hub repository; give one as owner/name.": "{0} 不是 Hub 仓库的名称；请写成 owner/name。",
    "{0}'s {1} describes no translator of this project; check the name.": (
        "{0} 的 {1} 没有描述本项目的翻译模型；请检查名称。"
    ),
    "{0} has {1} MB, and at most {2} MB are taken; choose another.": "{0} 有 {1} MB，最多接受 {2} MB；请另选一个。",
    "{0} has no {1}, so it is no translator of this project; check the name.": (
        "{0} 没有 {1}，因此不是本项目的翻译模型；请检查名称。"
    ),
    "{0} holds no translator of this project ({1}); check the name.": "{0} 不含本项目的翻译模型（{1}）；请检查名称。",
    "{0} names shapes that its file does not hold; it is damaged, or not to be trusted.": (
        "{0} 所称的形状与其文件不符；文件已损坏或不可信。"
    ),
    "{0}: its owner wants your agreement: give it on the model's page of the Hub, then sign in (hf auth login).": (
        "{0}：其所有者要求您同意：请在 Hub 的模型页面上同意，然后登录（hf auth login）。"
    ),
    "{0}: the Hub has no such repository, or it is private; check the name, or sign in (hf auth login).": (
        "{0}：Hub 上没有这个仓库，或它是私有的；请检查名称，或登录（hf auth login）。"
    ),
    "{0}: the Hub refused; sign in with a token that may write (hf auth login, or HF_TOKEN).": (
        "{0}：Hub 拒绝了请求；请用有写权限的令牌登录（hf auth login 或 HF_TOKEN）。"
    ),
    "{0}: the Hub answered {1}; try again later.": "{0}：Hub 答复 {1}；请稍后重试。",
    "{0}: the Hub could not be reached or the transfer broke off ({1}); check the connection and try again.": (
        "{0}：无法连接 Hub，或传输中断（{1}）；请检查网络后重试。"
    ),
    "{0} is not the file that was downloaded first (another sha256): use another mirror, or remove {1} from {2} to "
    "accept the new one.": "{0} 与首次下载的文件不同（sha256 不同）：请换一个镜像，或从 {2} 中删除 {1} 以接受新文件。",
    "{0} could not be downloaded ({1}); try again later, name another source with --mirror or GPUNIT_MIRROR, or put "
    "{2} and {3} into {4} yourself.": (
        "无法下载 {0}（{1}）；请稍后重试，用 --mirror 或 GPUNIT_MIRROR 指定其他来源，或自行把 {2} 与 {3} 放入 {4}。"
    ),
}

PRIORS: Mapping[str, str] = {
    "there is no prior {0}; choose from {1}.": "没有先验 {0}；请从中选择：{1}。",
    "{0} is not a pretrained BigGAN; choose from {1}.": "{0} 不是预训练的 BigGAN；请从中选择：{1}。",
    "{0} is neither a folder with {1} and {2} nor a known prior; choose from {3}.": (
        "{0} 既不是含有 {1} 与 {2} 的文件夹，也不是已知的先验；请从中选择：{3}。"
    ),
    "{0} is not a BigGAN's config ({1}); restore it.": "{0} 不是 BigGAN 的配置（{1}）；请恢复它。",
    "there is no film over {0}; choose from {1}.": "没有沿 {0} 的影片；请从中选择：{1}。",
    "a film over {0} needs at least two frames and two {1}.": "沿 {0} 的影片至少需要两帧和两个 {1}。",
    "a film along an axis needs an axis; name one.": "沿主轴的影片需要一个主轴；请指定。",
    "a mixture's layers go from 0 to {0}, not {1} to {2}.": "混合的层从 0 到 {0}，而不是 {1} 到 {2}。",
    "no class is left for layer {0}: give every layer a part with a weight above 0.": (
        "第 {0} 层没有类别：请为每一层给出权重大于 0 的部分。"
    ),
    "{0} is no part of a mixture; give one such as cat:0.7 or cat:0.7@0-3.": (
        "{0} 不是混合的一部分；请写成 cat:0.7 或 cat:0.7@0-3。"
    ),
    "the prior has no class {0}; give exact names or numbers: it has {1}.": (
        "该先验没有类别 {0}；请给出准确的名称或编号：它有 {1}。"
    ),
    "axes are found in layers 0 to {0}, not {1}.": "主轴在第 0 到 {0} 层中寻找，而不是 {1}。",
    "there are axes 1 to {0}, not {1}.": "主轴从 1 到 {0}，没有 {1}。",
    "an axis' layers go from 0 to {0}, not {1} to {2}.": "主轴的层从 0 到 {0}，而不是 {1} 到 {2}。",
    "{0} is no move along an axis; write such as 3:1.5 or 3:1.5@0-4.": (
        "{0} 不是沿主轴的移动；请写成 3:1.5 或 3:1.5@0-4。"
    ),
    "the file holds no axes; give one that was saved here.": "此文件不含主轴；请给出在此保存的文件。",
    "{0} holds no axes; give a file that was saved here.": "{0} 不含主轴；请给出在此保存的文件。",
    "the prior has no feature of size {0}; ask for 4, 8, 16, …, {1}.": (
        "该先验没有大小为 {0} 的特征；请取 4、8、16……{1}。"
    ),
    "the prior has no layer {0}; ask for 0 to {1}.": "该先验没有第 {0} 层；请取 0 到 {1}。",
    "{0} codes need as many classes, not {1}.": "{0} 个隐码需要同样多的类别，而不是 {1} 个。",
    "the truncation must be above 0 and at most 1, not {0}.": "截断必须大于 0 且不超过 1，而不是 {0}。",
    "{0} has the sha256 {1}…, not {2}…": "{0} 的 sha256 是 {1}…，而不是 {2}…",
    "{0} is not the file that was downloaded first (another sha256); remove {1} from {2} to accept the new one": (
        "{0} 与首次下载的文件不同（sha256 不同）；请从 {2} 中删除 {1} 以接受新文件"
    ),
    "it holds a model for {0} px": "其中是 {0} px 的模型",
    "agreement is measured between two classes at least, with two codes at least.": (
        "一致性至少在两个类别之间测量，且至少需要两个隐码。"
    ),
    "units are numbers with commas between them, such as 3,17, not {0}.": (
        "单元写成以逗号分隔的编号，如 3,17，而不是 {0}。"
    ),
    "the layer has units 0 to {0}, and {1} was named; give some of those.": (
        "该层的单元从 0 到 {0}，而给出的是 {1}；请从中选择。"
    ),
    "units are compared over pictures of some class; name one at least.": (
        "单元需在某个类别的图片上比较；请至少指定一个。"
    ),
    "this prior has no encoder to invert a photo with; choose prior-small.": (
        "该先验没有可推断照片隐码的编码器；请选择 prior-small。"
    ),
    "There is no map {0}; choose from {1}.": "没有图 {0}；请从中选择：{1}。",
    "F_s knows {0}, not {1}; leave that class out, or choose another map.": (
        "F_s 认识 {0}，不认识 {1}；请去掉该类别，或选择其他图。"
    ),
    "Rows are named by [seed, index] each; draw the grid anew.": "每一行由 [种子, 序号] 命名；请重新绘制网格。",
    "The row {0} belongs to another prior; draw the grid anew.": "第 {0} 行属于另一个先验；请重新绘制网格。",
    "The code has numbers that are not finite; start anew.": "隐码含有非有限数值；请重新开始。",
}

SERVER: Mapping[str, str] = {
    "This action takes {0} values, not {1}; see “Use via API”.": f"该操作需要 {{0}} 个值，而不是 {{1}} 个；见{_API}。",
    "A click is told by where it was; use the page.": "点击由其位置给出；请使用页面。",
    "This went wrong on the server; try again, or with another picture or model.": (
        "服务器出了错；请重试，或换一张图片或模型。"
    ),
    "This went wrong on the server: try again, or with another picture.": "服务器出了错：请重试，或换一张图片。",
    "Only uploaded files can be used, and for a while only: upload the picture again.": (
        "只能使用已上传的文件，且只在一段时间内有效：请重新上传图片。"
    ),
    "Addresses are not fetched: save the picture on your machine and upload the file.": (
        "不会抓取网址：请先把图片保存到您的机器，再上传文件。"
    ),
    "This cannot be read as {0}; use the page, or send what “Use via API” describes.": (
        f"无法作为{{0}}读取；请使用页面，或按{_API}的说明发送。"
    ),
    "This cannot be read: use the page, or send what “Use via API” describes.": (
        f"无法读取：请使用页面，或按{_API}的说明发送。"
    ),
    "{0} must be a finite number, not {1}; {2}.": "{0} 必须是有限的数，而不是 {1}；{2}。",
    "{0} takes an uploaded file; upload one and send what the upload answers.": (
        "{0} 需要已上传的文件；请先上传，再发送上传的答复。"
    ),
    "{0} must be a number, not {1}; {2}.": "{0} 必须是数，而不是 {1}；{2}。",
    "{0} is out of range with {1}; {2}.": "{0} 的值 {1} 超出范围；{2}。",
    "give one from {0} to {1}": "请取 {0} 到 {1} 之间的值",
    "send one such as {0}": "请给出如 {0} 的值",
    "send one from {0} on": "请取不小于 {0} 的值",
    "{0} takes a list; choose from {1}.": "{0} 需要列表；请从中选择：{1}。",
    "{0} does not offer {1}; choose from {2}.": "{0} 没有选项 {1}；请从中选择：{2}。",
    "{0} must be a text, not {1}; see “Use via API”.": f"{{0}} 必须是文本，而不是 {{1}}；见{_API}。",
    "{0} takes a list of texts, not {1}; see “Use via API”.": f"{{0}} 需要文本列表，而不是 {{1}}；见{_API}。",
    "There is no example {0}; choose one that the page shows.": "没有示例 {0}；请选择页面上的示例。",
    "The seed must be a whole number, such as 7.": "种子必须是整数，例如 7。",
    "Coordinates are numbers of standard deviations, such as 1.5.": "坐标是标准差的倍数，例如 1.5。",
    "Dabs are [across, down, radius] each, in parts of the picture's side; send them so, or use the page.": (
        "每一笔是 [水平, 竖直, 半径]，以边长的比例表示；请按此发送，或使用页面。"
    ),
    "This is larger than the maximum allowed size of {0} MB: make it smaller and try again.": (
        "超过允许的最大尺寸 {0} MB：请缩小后重试。"
    ),
    "This file is not served: upload a picture, or ask for one that the page has made.": (
        "不提供此文件：请上传图片，或取用页面生成的图片。"
    ),
    "A name in this address is too long for any file of this page: check it, or upload the picture again.": (
        "地址中的名称过长，不是本页面的文件：请检查，或重新上传图片。"
    ),
    "The server is stopping and takes no new work: try again in a minute.": (
        "服务器正在停止，不接受新任务：请一分钟后重试。"
    ),
    "You have {0} jobs waiting already: wait until some are done.": "您已有 {0} 个任务在等待：请等其中一些完成。",
    "Your network has {0} jobs waiting already: wait until some are done.": (
        "您的网络已有 {0} 个任务在等待：请等其中一些完成。"
    ),
    "The server has no room for files at the moment: try again in some minutes.": (
        "服务器暂时没有存放文件的空间：请几分钟后重试。"
    ),
    "This page has no such route: see “Use via API” for those it has.": f"本页面没有此路径：可用的见{_API}。",
    "Programs send requests here by POST (MCP, streamable HTTP): give this address to an MCP client.": (
        "程序以 POST 向此处发送请求（MCP，streamable HTTP）：请把此地址交给 MCP 客户端。"
    ),
    "This is not JSON: use the page, or a Gradio client.": "这不是 JSON：请使用页面或 Gradio 客户端。",
    "The values of an action are sent as an object that holds a list named data: see “Use via API”.": (
        f"操作的值以含有列表 data 的对象发送：见{_API}。"
    ),
    "This page has no such action: see “Use via API” for those it has.": f"本页面没有此操作：可用的见{_API}。",
    "{0} must be {1}, or be left out: use the page, or see “Use via API”.": (
        f"{{0}} 必须是{{1}}，或省略：请使用页面，或见{_API}。"
    ),
    "a text": "文本",
    "a whole number": "整数",
    "true or false": "true 或 false",
    "This job's answer is no longer here: send the job again.": "该任务的答复已不在：请重新发送任务。",
}

ALL: Mapping[str, str] = {**PICTURES, **SAVED, **MODELS, **PRIORS, **SERVER}


def in_chinese(sentence: str) -> str:
    """A refusal in Chinese; a sentence that is none of `ALL` stays as it is."""
    for pattern, chinese in _patterns():
        if found := pattern.fullmatch(sentence):
            return chinese.format(*(in_chinese(part) for part in found.groups()))
    return sentence


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """What sentences look like; those that say more of a sentence come before those that fit many."""
    said = sorted(ALL.items(), key=lambda pair: len(re.sub(r"\{\d\}", "", pair[0])), reverse=True)
    return [
        (re.compile(re.sub(r"\\\{\d\\\}", "(.+?)", re.escape(english)), re.DOTALL), chinese)
        for english, chinese in said
    ]
