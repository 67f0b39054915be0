// What the page says, in English and in Chinese.

export const DOMAINS = {
  cat: "猫", dog: "狗", bird: "鸟", car: "汽车", wild: "野生动物", face: "人脸",
  male: "男性", female: "女性", metface: "艺术人像", picture: "图片",
};

export const TEXTS = {
  heading: ["Turn it into a {target}. Keep the pose.", "变成{target}，姿态不变。"],
  lead: [
    "GP-UNIT translates your photo in this browser: nothing is installed, and no picture leaves this device.",
    "GP-UNIT 就在这个浏览器里翻译您的照片：无需安装，图片不会离开本设备。",
  ],
  language: ["中文", "English"],
  look: ["Light or dark", "浅色或深色"],
  targets: ["Turn it into", "变成"],
  photo: ["Your photo", "您的照片"],
  frame: [
    "What the network sees: drag to move, wheel to zoom; arrow keys, plus and minus do the same",
    "网络所见：拖动移动，滚轮缩放；方向键与加减键亦可",
  ],
  drop: ["Drop a photo here", "把照片拖到这里"],
  zoom: ["Zoom", "缩放"],
  upload: ["Choose a photo", "选择照片"],
  camera: ["Webcam", "摄像头"],
  camera_stop: ["Stop the webcam", "关闭摄像头"],
  examples: ["Examples", "示例"],
  example: ["Example: {domain}", "示例：{domain}"],
  compare: ["Before and after", "翻译前后"],
  before: ["Photo", "照片"],
  styles: ["Styles", "风格"],
  sample: ["New random styles", "换一批随机风格"],
  style_mean: ["The mean style", "均值风格"],
  style_drawn: ["Random style {number}", "随机风格 {number}"],
  axes: ["What styles differ in", "风格之间的差异"],
  axes_info: [
    "Principal axes of the style codes, in deviations from the mean",
    "风格编码的主成分轴，以偏离均值的标准差为单位",
  ],
  axis: ["Axis {number}", "轴 {number}"],
  share: ["{share} % of the variance", "方差占比 {share}%"],
  reset: ["Reset", "重置"],
  save: ["Save the picture", "保存图片"],
  save_style: ["Save the style", "保存风格"],
  loading: ["Loading {done} of {total} MB", "正在加载 {done} / {total} MB"],
  starting: ["Starting", "正在启动"],
  timing: ["{ms} ms a style", "每种风格 {ms} 毫秒"],
  on_webgpu: ["WebGPU", "WebGPU"],
  on_wasm: ["WebAssembly", "WebAssembly"],
  on_threads: ["WebAssembly, {threads} threads", "WebAssembly，{threads} 线程"],
  keeping: ["Fetching what works offline", "正在获取离线所需文件"],
  offline: ["Works offline from now on", "现在起可离线使用"],
  offline_open: ["Works offline until you leave the page", "离开本页之前可离线使用"],
  online: ["Models not opened yet need the network", "尚未打开的模型需要网络"],
  terms: ["Weights: {licence}.", "权重：{licence}。"],
  notice: ["Terms of all parts", "各部分的许可条款"],
  not_a_picture: [
    "This is not a picture that the browser can read; choose a PNG, JPEG or WebP file.",
    "浏览器无法读取这个文件；请选择 PNG、JPEG 或 WebP 图片。",
  ],
  no_camera: [
    "The webcam cannot be used ({reason}); allow it in the browser's settings, or choose a photo.",
    "无法使用摄像头（{reason}）；请在浏览器设置中允许，或选择照片。",
  ],
  no_camera_here: [
    "A webcam needs this page at an https address or on localhost; choose a photo instead.",
    "使用摄像头需要通过 https 或 localhost 打开本页；请改为选择照片。",
  ],
  failed: [
    "The translation failed ({reason}); reload the page and try again.",
    "翻译失败（{reason}）；请重新加载页面再试。",
  ],
  no_files: [
    "The page's files could not be loaded ({reason}); check the connection and reload the page.",
    "无法加载本页的文件（{reason}）；请检查网络连接并重新加载。",
  ],
};

const remembered = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // the browser keeps nothing
  }
};

/** Remember a setting where the browser lets the page. */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // it holds until the page is left
  }
}

export const settings = {
  language: remembered("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en"),
  look: remembered("look"),
};

/** A text in the page's language, with its {names} filled in. */
export function text(key, values = {}) {
  const [english, chinese] = TEXTS[key];
  return (settings.language === "zh" ? chinese : english).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A domain's name in the page's language. */
export const domainName = (domain) => (settings.language === "zh" ? (DOMAINS[domain] ?? domain) : domain);

/** Put texts into everything that names one: data-text its words, data-label its name and tooltip, data-hint the latter. */
export function fillTexts(root = document) {
  document.documentElement.lang = settings.language === "zh" ? "zh-Hans" : "en";
  for (const element of root.querySelectorAll("[data-text]")) {
    element.textContent = text(element.dataset.text, element.dataset);
  }
  for (const element of root.querySelectorAll("[data-label]")) {
    element.ariaLabel = text(element.dataset.label, element.dataset);
    element.title = element.ariaLabel;
  }
  for (const element of root.querySelectorAll("[data-hint]")) {
    element.title = text(element.dataset.hint, element.dataset);
  }
}
