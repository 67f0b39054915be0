"""What the page says about the webcam's stream."""

from __future__ import annotations

from gpunit.ui.texts import Texts

LABELS: Texts = {
    "tab_live": ("Webcam live", "实时摄像头"),
    "live_heading": (
        "### You, translated as you move\nIn the style that is compared above, as fast as this machine does it. Frames "
        "are not kept, and what it cannot do in time is left out. Hold up a toy or a picture, or show it your pet.",
        "### 边动边译\n采用上方正在对比的风格，速度取决于本机。画面不会保存，来不及处理的帧会被丢弃。"
        "可以举起玩具或图片，或让您的宠物入镜。",
    ),
    "live_picture": ("The webcam's picture, translated", "摄像头画面的译图"),
    "live_begin": ("Start the webcam", "启动摄像头"),
    "live_denied": (
        "The browser gives no webcam here: connect one, allow it, and open the page at localhost or over https.",
        "浏览器在此无法使用摄像头：请连接并允许使用，且通过 localhost 或 https 打开本页面。",
    ),
}

NOTICES: Texts = {
    "live_first": ("Translate a picture first: the webcam takes its style.", "请先翻译一张图片：摄像头采用它的风格。"),
    "live_no_frame": (
        "This is no frame of a webcam; start it again on the page.",
        "这不是摄像头的画面，请在页面上重新启动摄像头。",
    ),
}
