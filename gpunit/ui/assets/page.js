// What the page's events call, and what holds for the whole page.  Small on purpose: Gradio does the rest.
window.gpunit = (() => {
  const inputOf = (id) => document.querySelector(`#${id} input[type=file]`);

  // Uploads of kinds that browsers may not show, which the server is about to replace or to refuse.
  const looked = new Set();
  const looking = (picture) => {
    if (picture && !/\.(png|jpe?g|webp|gif)$/i.test(picture.path)) looked.add(picture.path);
    return [];
  };
  const decided = (picture) => (looked.delete(picture?.path), []); // what was replaced or refused is not worked on

  // Resolves for the last of several calls only, and never without a picture: the event behind it runs once.
  const waiting = {};
  const settled = (name, picture) =>
    new Promise((resolve) => {
      const look = () => (looked.has(picture.path) ? wait() : resolve());
      const wait = () => (waiting[name] = setTimeout(look, 50));
      clearTimeout(waiting[name]);
      if (picture) wait();
    });

  // The last pictures of every input, so that a refused file leaves the one before it.
  const pictures = {};
  const remember = (id, picture) => {
    const [last, before] = pictures[id] ?? [];
    if (picture) pictures[id] = last?.path === picture.path ? [picture, before] : [picture, last];
    return [];
  };
  const opening = (id) => window.gradio_config.components.find(({ props }) => props.elem_id === id)?.props.value;
  const lastGood = (id) => {
    const before = pictures[id]?.[1] ?? opening(id) ?? null;
    pictures[id] = [before];
    return before;
  };

  const exampleOf = (picture) => {
    const name = picture?.orig_name ?? picture?.path?.split(/[\\/]/).pop() ?? "";
    const stem = name.replace(/\.jpg$/, "");
    return stem !== name && document.querySelector(`.thumbs input[value="${CSS.escape(stem)}"]`) ? stem : null;
  };

  const targetOf = (name) => (document.querySelector(`.targets input[value="${CSS.escape(name)}"]`) ? name : null);

  const browse = (id) => (inputOf(id)?.click(), []);

  const toggle = (id, button) => {
    const opened = document.getElementById(id).toggleAttribute("data-open");
    document.getElementById(button).setAttribute("aria-expanded", String(opened));
    return [];
  };

  return { looking, decided, settled, remember, lastGood, exampleOf, targetOf, browse, toggle };
})();

// Gradio refuses, in its own words, pictures whose kind the browser does not know, as HEIC on most systems.  Chosen and
// dropped ones get their kind by their suffix, so that the server can read them or say what is wrong.  Files that are
// pasted, which Gradio does not see, go to the picture that is looked at.
(() => {
  const known = /\.(heic|heif|hif|jp2|j2k|jpx|jpf|tiff?|avif|dib|p[bgpn]m|jfif)$/i;
  const kind = (file) => file.type.startsWith("image/") ? null : known.exec(file.name)?.[1].toLowerCase();
  const typed = (files) => {
    const all = new DataTransfer();
    for (const file of files) {
      all.items.add(kind(file) ? new File([file], file.name, { type: "image/" + kind(file) }) : file);
    }
    return all;
  };
  const takesPictures = (input) => input.type === "file" && /image/.test(input.accept);
  document.addEventListener("change", (event) => {
    if (takesPictures(event.target) && event.target.files.length) event.target.files = typed(event.target.files).files;
  }, true);
  document.addEventListener("drop", (event) => {
    if (![...(event.dataTransfer?.files || [])].some(kind)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dataTransfer = typed(event.dataTransfer.files);
    event.target.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
  }, true);
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files || [];
    const isTyping = event.target.closest?.("input, textarea") && event.clipboardData?.types.includes("text/plain");
    const isLookedAt = (input) => takesPictures(input) && input.closest(".block")?.checkVisibility();
    const input = [...document.querySelectorAll("input[type=file]")].find(isLookedAt);
    if (isTyping || !files.length || !input) return;
    event.preventDefault();
    input.files = typed([files[0]]).files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
