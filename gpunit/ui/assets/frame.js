// The frame on a picture: it shows, and sets, the square that the network sees.  A gr.HTML runs this as it loads:
// `element`, `props`, `trigger` and `watch` are that component's, and its value is [zoom, across, down].
const MOST_ZOOM = 4;
const block = document.getElementById(props.picture);
const shade = document.createElement("div");
shade.className = "crop-shade";
const frame = document.createElement("div");
frame.className = "crop-frame";
frame.tabIndex = 0;
frame.setAttribute("role", "group");
frame.setAttribute("aria-label", props.label ?? "");
frame.title = props.label ?? "";
shade.append(frame);
block.append(shade);

let [zoom, across, down] = props.value ?? [1, 0.5, 0.5];
let side = 0, wide = 0, high = 0; // of the frame and of the picture, as shown

const within = (number, low, high) => Math.min(Math.max(number, low), high);
const picture = () => block.querySelector(".image-frame img");

function place() {
  const image = picture();
  shade.hidden = !(image && image.naturalWidth && image.offsetParent);
  if (shade.hidden) return;
  const outer = block.getBoundingClientRect(), inner = image.getBoundingClientRect();
  const scale = Math.min(inner.width / image.naturalWidth, inner.height / image.naturalHeight);
  [wide, high] = [image.naturalWidth * scale, image.naturalHeight * scale];
  side = Math.min(wide, high) / zoom;
  const set = (node, left, top, width, height) =>
    Object.assign(node.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  set(shade, inner.left - outer.left + (inner.width - wide) / 2, inner.top - outer.top + (inner.height - high) / 2, wide, high);
  set(frame, (wide - side) * across, (high - side) * down, side, side);
  // Where there is nothing to drag, a finger on the picture scrolls the page.
  frame.classList.toggle("whole", wide - side < 1 && high - side < 1);
}

function commit() {
  props.value = [zoom, across, down].map((number) => Math.round(number * 100) / 100);
  trigger("release");
}

function move(x, y) {
  if (wide - side > 1) across = within(across + x / (wide - side), 0, 1);
  if (high - side > 1) down = within(down + y / (high - side), 0, 1);
  place();
}

// The middle of the frame stays where it is.
function magnify(factor) {
  const [x, y] = [(wide - side) * across + side / 2, (high - side) * down + side / 2];
  zoom = within(zoom * factor, 1, MOST_ZOOM);
  const after = Math.min(wide, high) / zoom;
  across = wide - after > 1 ? within((x - after / 2) / (wide - after), 0, 1) : 0.5;
  down = high - after > 1 ? within((y - after / 2) / (high - after), 0, 1) : 0.5;
  place();
}

let later;
function commitSoon() {
  clearTimeout(later);
  later = setTimeout(commit, 200);
}

const pointers = new Map();
const spread = () => {
  const [a, b] = [...pointers.values()];
  return Math.hypot(a.x - b.x, a.y - b.y);
};
frame.addEventListener("pointerdown", (event) => {
  frame.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
});
frame.addEventListener("pointermove", (event) => {
  const last = pointers.get(event.pointerId);
  if (!last) return;
  const before = pointers.size === 2 ? spread() : 0;
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (pointers.size === 2) magnify(spread() / before);
  else move(event.clientX - last.x, event.clientY - last.y);
});
for (const kind of ["pointerup", "pointercancel"]) {
  frame.addEventListener(kind, (event) => {
    if (pointers.delete(event.pointerId) && !pointers.size) commit();
  });
}
block.addEventListener("wheel", (event) => {
  if (shade.hidden || (event.deltaY > 0 && zoom === 1)) return; // nothing to zoom out of: the page scrolls
  event.preventDefault();
  magnify(Math.exp(-event.deltaY / 500));
  commitSoon();
}, { passive: false });
frame.addEventListener("keydown", (event) => {
  const step = event.shiftKey ? 20 : 5;
  const keys = {
    ArrowLeft: () => move(-step, 0), ArrowRight: () => move(step, 0),
    ArrowUp: () => move(0, -step), ArrowDown: () => move(0, step),
    "+": () => magnify(1.1), "=": () => magnify(1.1), "-": () => magnify(1 / 1.1),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
  commitSoon();
});

watch("value", () => {
  if (pointers.size) return;
  [zoom, across, down] = props.value ?? [1, 0.5, 0.5];
  place();
});
block.addEventListener("load", place, true);
new ResizeObserver(place).observe(block);
new MutationObserver(place).observe(block, { childList: true, subtree: true });
place();
