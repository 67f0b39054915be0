// What Gradio lays out without names, or without keys to work it by, gets both here; and its own English words become
// Chinese on a Chinese page.
(() => {
  const chinese = () => /^zh/i.test(document.documentElement.lang);
  const labelOf = (node) => {
    const box = node.closest(".block");
    const label = box?.querySelector(":scope > [data-testid=block-label], :scope > [data-testid=block-info]");
    return label?.textContent.trim() || box?.title || "";
  };
  const set = (node, name, value) => node.getAttribute(name) === value || node.setAttribute(name, value);

  // Words that Gradio has in English alone, of attributes: whole ones, and beginnings.
  const WORDS = {
    "Fullscreen": "全屏", "Exit fullscreen mode": "退出全屏", "Remove Image": "移除图片", "Upload file": "上传文件",
    "Capture from camera": "用摄像头拍摄", "Paste from clipboard": "从剪贴板粘贴", "Empty value": "空", "Copy": "复制",
    "Collapse": "折叠", "Expand": "展开", "Reset to default value": "恢复默认值", "Rendering": "正在绘制", "Close": "关闭",
    "Click to upload or drop files": "点击上传或拖入文件", "Gradio footer navigation": "页脚", "More tabs": "更多标签页",
    "Clear": "清除", "Undo": "撤销", "Download": "下载", "Settings": "设置", "undo": "撤销",
  };
  const BEGINNINGS = { "number input for ": "数值：", "range slider for ": "滑块：", "Line number ": "行 " };
  const inChinese = (words) => {
    const beginning = Object.keys(BEGINNINGS).find((each) => words.startsWith(each));
    return WORDS[words] ?? (beginning && BEGINNINGS[beginning] + words.slice(beginning.length));
  };
  const reword = (node) => {
    if (!chinese()) return;
    for (const name of ["aria-label", "title"]) {
      const words = inChinese(node.getAttribute(name) ?? "");
      if (words) node.setAttribute(name, words);
    }
  };

  // What stands above a toast: its kind, and how many there are.
  const TITLES = { Error: "错误", Warning: "警告", Info: "提示", Success: "成功" };
  const retitle = (title) => {
    const put = () => {
      const kind = title.textContent.trim();
      if (chinese() && TITLES[kind]) title.textContent = TITLES[kind];
    };
    new MutationObserver(put).observe(title, { characterData: true, childList: true, subtree: true });
    put();
  };

  const nameImage = (image) => {
    if (image.alt) return;
    const sides = [...(image.closest(".slider-wrap")?.querySelectorAll("img") ?? [])];
    const side = sides.length > 1 ? ` ${sides.indexOf(image) + 1} / ${sides.length}` : "";
    const caption = image.closest("button")?.querySelector(".caption-label")?.textContent;
    image.alt = caption || labelOf(image) + side;
  };

  // A gallery's pictures are "Thumbnail 1 of 6", whatever they show.
  const nameThumbnail = (button) => {
    const number = /^Thumbnail (\d+) of (\d+)$/.exec(button.getAttribute("aria-label") ?? "");
    if (!number) return;
    const caption = button.querySelector(".caption-label")?.textContent;
    set(button, "aria-label", `${labelOf(button)} ${number[1]} / ${number[2]}${caption ? `: ${caption}` : ""}`);
  };

  // Gradio gives every radio button a name of its own, and arrow keys would not go from one to the next.
  const joinRadios = (input) => {
    const group = input.closest("fieldset");
    if (group) input.name = `radios-${group.id || (group.id = `group-${Math.random().toString(36).slice(2)}`)}`;
  };

  // The line between before and after: arrow keys press it where it is to go.
  const drive = (handle) => {
    if (handle.getAttribute("role") === "slider") return;
    const field = handle.parentElement;
    const place = () => {
      const [outer, line] = [field.getBoundingClientRect(), handle.getBoundingClientRect()];
      return outer.width ? Math.min(Math.max((line.left + line.width / 2 - outer.left) / outer.width, 0), 1) : 0.5;
    };
    const tell = () => handle.setAttribute("aria-valuenow", String(Math.round(100 * place())));
    for (const [name, value] of [
      ["role", "slider"], ["tabindex", "0"], ["aria-valuemin", "0"], ["aria-valuemax", "100"], ["aria-label", labelOf(handle)],
    ]) handle.setAttribute(name, value);
    tell();
    new MutationObserver(tell).observe(handle, { attributes: true, attributeFilter: ["style"] });
    handle.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 0.01 : 0.05;
      const to = {
        ArrowLeft: place() - step, ArrowDown: place() - step, ArrowRight: place() + step, ArrowUp: place() + step, Home: 0, End: 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const box = field.getBoundingClientRect();
      const at = {
        clientX: box.left + Math.min(Math.max(to, 0), 1) * box.width, clientY: box.top + box.height / 2, view: window,
      };
      handle.dispatchEvent(new MouseEvent("mousedown", at));
      window.dispatchEvent(new MouseEvent("mouseup", at));
    });
  };

  const RULES = [
    ["[aria-label], [title]", reword],
    [".toast-title", retitle],
    [".thumbnail-item[aria-label]", nameThumbnail],
    [".block img", nameImage],
    [".empty[aria-label]:not([role])", (node) => node.setAttribute("role", "img")],
    ["input[type=radio]", joinRadios],
    [".slider-wrap .outer", drive],
    // A click on one of these is told by its place: keys have something of their own for that.
    [".untitled > .image-container > button", (button) => set(button, "tabindex", "-1")],
  ];
  const dress = (node) => {
    for (const [selector, rule] of RULES) {
      if (node.matches(selector)) rule(node);
      node.querySelectorAll(selector).forEach(rule);
    }
  };
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes") [nameThumbnail, reword].forEach((rule) => rule(target));
      for (const node of addedNodes) if (node.nodeType === 1) dress(node);
    }
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label", "title"],
  });

  // Arrow keys go from tab to tab and open it.
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.("[role=tab]");
    if (!tab || event.ctrlKey || event.altKey || event.metaKey) return;
    const tabs = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]:not([disabled])")];
    const at = tabs.indexOf(tab);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length];
    next.focus();
    next.click();
  });
})();
