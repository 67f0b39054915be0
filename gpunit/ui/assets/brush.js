// Strokes over a picture, by pointer or keys.  A gr.HTML runs this as it loads: `element`, `props` and `trigger` are
// that component's.
const block = document.getElementById(props.picture);
const sheet = document.createElement("canvas");
sheet.className = "brush";
sheet.tabIndex = 0;
sheet.setAttribute("role", "application");
sheet.setAttribute("aria-label", props.label ?? "");
const ring = document.createElement("div"); // where keys paint; seen while they have the focus
ring.className = "brush-ring";
block.append(sheet, ring);

const SIDE = 512;
let places = [];
let brush = [0.5, 0.5];
const radius = () => Number(document.querySelector(`#${props.radius} input[type=number]`)?.value ?? 12) / 100;
const within = (part) => Math.min(Math.max(part, 0), 1);

function wipe() {
  const image = block.querySelector("img");
  sheet.hidden = !image;
  if (!image) return;
  const [outer, inner] = [block.getBoundingClientRect(), image.getBoundingClientRect()];
  sheet.width = sheet.height = SIDE;
  Object.assign(sheet.style, {
    left: `${inner.left - outer.left}px`, top: `${inner.top - outer.top}px`, width: `${inner.width}px`, height: `${inner.height}px`,
  });
  placeRing();
}

function placeRing() {
  const [wide, high] = [sheet.offsetWidth, sheet.offsetHeight];
  Object.assign(ring.style, {
    left: `${sheet.offsetLeft + (brush[0] - radius()) * wide}px`, top: `${sheet.offsetTop + (brush[1] - radius()) * high}px`,
    width: `${2 * radius() * wide}px`, height: `${2 * radius() * high}px`,
  });
}

function touch(place) {
  const last = places.at(-1);
  if (last && Math.hypot(place[0] - last[0], place[1] - last[1]) < radius() / 2) return;
  places.push(place.map(within));
  const pen = sheet.getContext("2d");
  pen.fillStyle = "rgb(255 45 120 / 0.6)";
  pen.beginPath();
  pen.arc(place[0] * SIDE, place[1] * SIDE, radius() * SIDE, 0, 2 * Math.PI);
  pen.fill();
}

function touchAt(event) {
  const box = sheet.getBoundingClientRect();
  touch([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
}

function commit() {
  if (!places.length) return;
  props.value = places;
  places = [];
  trigger("release");
}

sheet.addEventListener("pointerdown", (event) => {
  sheet.setPointerCapture(event.pointerId);
  places = [];
  touchAt(event);
});
sheet.addEventListener("pointermove", (event) => {
  if (sheet.hasPointerCapture(event.pointerId)) touchAt(event);
});
sheet.addEventListener("pointerup", commit);

// Space paints where the brush is; while it is held, arrow keys draw the stroke on.
let isDown = false;
sheet.addEventListener("keydown", (event) => {
  const step = event.shiftKey ? 0.01 : 0.05;
  const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (event.key !== " " && !move) return;
  event.preventDefault();
  if (move) brush = brush.map((part, axis) => within(part + move[axis]));
  else isDown = true;
  placeRing();
  if (isDown) touch(brush);
});
sheet.addEventListener("keyup", (event) => {
  if (event.key !== " " || !isDown) return;
  isDown = false;
  commit();
});
sheet.addEventListener("focus", placeRing);
sheet.addEventListener("blur", () => {
  isDown = false;
  commit();
});
// The server's picture, which holds the stroke, takes its place.
block.addEventListener("load", wipe, true);
new ResizeObserver(wipe).observe(block);
new MutationObserver(wipe).observe(block, { childList: true, subtree: true });
wipe();
