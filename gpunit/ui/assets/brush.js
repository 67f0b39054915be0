// Strokes over a picture.  A gr.HTML runs this as it loads: `element`, `props` and `trigger` are that component's.
const block = document.getElementById(props.picture);
const sheet = document.createElement("canvas");
sheet.className = "brush";
sheet.setAttribute("aria-hidden", "true");
block.append(sheet);

const SIDE = 512;
let places = [];
const radius = () => Number(document.querySelector(`#${props.radius} input[type=number]`)?.value ?? 12) / 100;

function wipe() {
  const image = block.querySelector("img");
  sheet.hidden = !image;
  if (!image) return;
  const [outer, inner] = [block.getBoundingClientRect(), image.getBoundingClientRect()];
  sheet.width = sheet.height = SIDE;
  Object.assign(sheet.style, {
    left: `${inner.left - outer.left}px`, top: `${inner.top - outer.top}px`, width: `${inner.width}px`, height: `${inner.height}px`,
  });
}

function touch(event) {
  const box = sheet.getBoundingClientRect();
  const place = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  const last = places.at(-1);
  if (last && Math.hypot(place[0] - last[0], place[1] - last[1]) < radius() / 2) return;
  places.push(place.map((part) => Math.min(Math.max(part, 0), 1)));
  const pen = sheet.getContext("2d");
  pen.fillStyle = "rgb(255 45 120 / 0.6)";
  pen.beginPath();
  pen.arc(place[0] * SIDE, place[1] * SIDE, radius() * SIDE, 0, 2 * Math.PI);
  pen.fill();
}

sheet.addEventListener("pointerdown", (event) => {
  sheet.setPointerCapture(event.pointerId);
  places = [];
  touch(event);
});
sheet.addEventListener("pointermove", (event) => {
  if (sheet.hasPointerCapture(event.pointerId)) touch(event);
});
sheet.addEventListener("pointerup", () => {
  if (!places.length) return;
  props.value = places;
  places = [];
  trigger("release");
});
// The server's picture, which holds the stroke, takes its place.
block.addEventListener("load", wipe, true);
new ResizeObserver(wipe).observe(block);
new MutationObserver(wipe).observe(block, { childList: true, subtree: true });
wipe();
