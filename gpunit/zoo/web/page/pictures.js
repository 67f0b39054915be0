// Squares of photographs, exactly as the app cuts them: Pillow's box average and Lanczos filter on 8-bit channels.

const SUPPORT = 3;
const GAP = 3;
const BITS = 2 ** 22;
// Canvases beyond this side fail on phones; larger photographs are made smaller by the browser first.
const MOST = 4096;

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos = (x) => (Math.abs(x) < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0);

/** Python's round: halves go to the even number. */
export function roundHalfEven(x) {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Left, top and side of a crop {zoom, x, y} in a picture of this width and height. */
export function cropBox(width, height, { zoom, x, y }) {
  const side = Math.max(1, roundHalfEven(Math.min(width, height) / Math.max(1, zoom)));
  return { left: roundHalfEven((width - side) * x), top: roundHalfEven((height - side) * y), side };
}

/** A photograph upright on white, as a canvas. */
export async function readPhoto(blob) {
  const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" });
  const scale = Math.min(1, MOST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  paint(canvas, bitmap);
  bitmap.close();
  return canvas;
}

/** Fill a canvas with a picture, on white. */
export function paint(canvas, picture) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
}

/** The square of a canvas that a crop takes, as size x size RGBA bytes. */
export function cutSquare(canvas, crop, size) {
  const { left, top, side } = cropBox(canvas.width, canvas.height, crop);
  const { data } = canvas.getContext("2d", { willReadFrequently: true }).getImageData(left, top, side, side);
  return resizeSquare(data, side, size);
}

/** Resize a square of RGBA bytes. */
export function resizeSquare(data, side, size) {
  const factor = Math.max(1, Math.trunc(side / size / GAP));
  const length = side / factor;
  const reduced = factor > 1 ? reduce(data, side, factor) : data;
  const pixels = factor > 1 ? Math.ceil(length) : side;
  if (pixels === size && length === size) return new Uint8ClampedArray(reduced);
  const weights = weightsOf(pixels, length, size);
  const turned = filterRows(reduced, pixels, pixels, size, weights);
  return filterRows(turned, size, pixels, size, weights);
}

/** Averages of factor x factor pixels; the last row and column may be of fewer. */
function reduce(data, side, factor) {
  const size = Math.ceil(side / factor);
  const out = new Uint8ClampedArray(size * size * 4);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const right = Math.min(side, (x + 1) * factor);
      const bottom = Math.min(side, (y + 1) * factor);
      const count = (right - x * factor) * (bottom - y * factor);
      const multiplier = Math.floor(2 ** 24 / count);
      for (let channel = 0; channel < 4; channel++) {
        let sum = Math.trunc(count / 2);
        for (let row = y * factor; row < bottom; row++) {
          for (let column = x * factor; column < right; column++) sum += data[(row * side + column) * 4 + channel];
        }
        out[(y * size + x) * 4 + channel] = Math.floor((sum * multiplier) / 2 ** 24);
      }
    }
  }
  return out;
}

/** For every pixel of the result, where its source pixels begin and their weights, in units of 1 / BITS. */
function weightsOf(pixels, length, size) {
  const scale = length / size;
  const spread = Math.max(1, scale);
  return Array.from({ length: size }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - SUPPORT * spread + 0.5));
    const last = Math.min(pixels, Math.trunc(centre + SUPPORT * spread + 0.5));
    const raw = Array.from({ length: last - first }, (_, k) => lanczos((first + k - centre + 0.5) / spread));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    const whole = raw.map((weight) => Math.trunc((weight / total) * BITS + (weight < 0 ? -0.5 : 0.5)));
    return { first, whole };
  });
}

/** Filter every row of a map of width x height RGBA bytes to `size` pixels; the result is turned: columns become rows. */
function filterRows(data, height, width, size, weights) {
  const out = new Uint8ClampedArray(size * height * 4);
  for (let x = 0; x < size; x++) {
    const { first, whole } = weights[x];
    for (let y = 0; y < height; y++) {
      for (let channel = 0; channel < 4; channel++) {
        let sum = BITS / 2;
        let at = (y * width + first) * 4 + channel;
        for (let k = 0; k < whole.length; k++, at += 4) sum += data[at] * whole[k];
        out[(x * height + y) * 4 + channel] = Math.floor(sum / BITS);
      }
    }
  }
  return out;
}
