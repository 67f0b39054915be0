// Styles: a code that was started from, moved along the principal axes, s = base + Σ offset·σ·u.

const dot = (a, b) => a.reduce((sum, value, index) => sum + value * b[index], 0);

/** Coordinates of a code along a model's axes, in deviations from the mean. */
export function coordinates(model, code) {
  const apart = code.map((value, index) => value - model.mean[index]);
  return model.axes.map((axis, k) => dot(apart, axis) / model.deviations[k]);
}

/** A code moved along the axes to these coordinates; what the axes do not span stays. */
export function moved(model, code, wanted) {
  const now = coordinates(model, code);
  const out = [...code];
  model.axes.forEach((axis, k) => {
    const step = (wanted[k] - now[k]) * model.deviations[k];
    axis.forEach((value, index) => (out[index] += step * value));
  });
  return out;
}

/** Latents z ~ N(0, I). */
export function gaussianLatents(count, length) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Array.from({ length: count }, () => Array.from({ length }, normal));
}

/** A style as the app's Styles tab saves and loads it. */
export function toJson(model, code) {
  const numbers = Array.from(Float32Array.from(code));
  return JSON.stringify({ kind: "GP-UNIT style", model: model.name, sha256: model.sha256, numbers }, null, 2);
}
