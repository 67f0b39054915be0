// The photograph as the network sees it: a square that is dragged and zoomed.

import { cropBox } from "./pictures.js";

const STEP = 0.04;
const MOST_ZOOM = 4;
const CENTRE = { zoom: 1, x: 0.5, y: 0.5 };

export class Frame {
  crop = { ...CENTRE };
  #source = null;

  /** @param changed is called after the square has moved. */
  constructor(canvas, slider, changed) {
    Object.assign(this, { canvas, slider, changed });
    slider.addEventListener("input", () => this.#set({ zoom: Number(slider.value) }));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#set({ zoom: this.crop.zoom * Math.exp(-event.deltaY / 600) });
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#drag(event.movementX, event.movementY);
    });
    canvas.addEventListener("keydown", (event) => this.#press(event));
  }

  /** Show another photograph, a canvas, from its centre. */
  open(source) {
    this.#source = source;
    this.crop = { ...CENTRE };
    this.slider.value = 1;
    this.draw();
  }

  draw() {
    if (!this.#source) return;
    const { left, top, side } = cropBox(this.#source.width, this.#source.height, this.crop);
    const context = this.canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#source, left, top, side, side, 0, 0, this.canvas.width, this.canvas.height);
  }

  #drag(across, down) {
    const { width, height } = this.#source;
    const { side } = cropBox(width, height, this.crop);
    const scale = side / this.canvas.clientWidth;
    this.#set({
      x: this.crop.x - (width > side ? (across * scale) / (width - side) : 0),
      y: this.crop.y - (height > side ? (down * scale) / (height - side) : 0),
    });
  }

  #press(event) {
    const { zoom, x, y } = this.crop;
    const moves = {
      ArrowLeft: { x: x - STEP }, ArrowRight: { x: x + STEP }, ArrowUp: { y: y - STEP }, ArrowDown: { y: y + STEP },
      "+": { zoom: zoom * 1.1 }, "=": { zoom: zoom * 1.1 }, "-": { zoom: zoom / 1.1 },
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    this.#set(moves[event.key]);
  }

  #set(change) {
    if (!this.#source) return;
    const within = (value, least, most) => Math.min(most, Math.max(least, value));
    const { zoom, x, y } = { ...this.crop, ...change };
    this.crop = { zoom: within(zoom, 1, MOST_ZOOM), x: within(x, 0, 1), y: within(y, 0, 1) };
    this.slider.value = this.crop.zoom;
    this.draw();
    this.changed();
  }
}
