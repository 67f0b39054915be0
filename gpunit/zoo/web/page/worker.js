// The networks, beside the page so that it never stalls: onnxruntime-web on WebGPU where that works, else WebAssembly.

const HERE = new URL("./", self.location.href);
// Files whose names change with their content; the service worker removes what a newer page lacks.
const STORE = `gpunit ${HERE.pathname}`;
const CHECK_SIDE = 8;
const CHECK_TOLERANCE = 0.05;

let ort;
let provider;
let table;
let photo = { id: -1 };
const sessions = new Map();
const inMemory = new Map();
const encoded = new Map();
const plans = new Map();

/** The bytes of a file, which are kept for the time without a network; `told` hears how many have come. */
async function bytesOf(file, told = () => {}) {
  const address = new URL(file, HERE).href;
  const store = self.caches ? await caches.open(STORE).catch(() => null) : null;
  const kept = store ? await store.match(address) : inMemory.get(file)?.slice(0);
  if (kept) return kept instanceof Response ? kept.arrayBuffer() : kept;
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${file}: the server answered ${answer.status}`);
  const parts = [];
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    told(value.length);
  }
  const bytes = await new Blob(parts).arrayBuffer();
  // A full disk is no reason to stop: the page then needs the network once more.
  if (store) await store.put(address, new Response(bytes.slice(0))).catch(() => {});
  else inMemory.set(file, bytes.slice(0));
  return bytes;
}

async function hasGPU(isAsked) {
  if (!navigator.gpu || !("Suspending" in WebAssembly)) return false;
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return Boolean(adapter) && (isAsked || !adapter.info?.isFallbackAdapter);
}

async function begin(kind, told) {
  const folder = table.runtime;
  sessions.clear();
  provider = kind;
  ort = await import(new URL(`${folder}/${kind}.js`, HERE).href);
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
  ort.env.wasm.wasmPaths = { mjs: new URL(`${folder}/${kind}-glue.js`, HERE).href };
  ort.env.wasm.wasmBinary = await bytesOf(`${folder}/${kind}.wasm`, told);
  ort.env.logLevel = "error";
}

function session(file, told) {
  if (!sessions.has(file)) {
    const options = {
      executionProviders: [provider],
      // Beyond "basic", 1.30.0 fuses tanh into a convolution on WebGPU that has a ReLU fused into it, which is lost.
      graphOptimizationLevel: provider === "webgpu" ? "basic" : "all",
      logSeverityLevel: 3,
    };
    const made = bytesOf(file, told).then((bytes) => ort.InferenceSession.create(new Uint8Array(bytes), options));
    sessions.set(file, made);
    made.catch(() => sessions.delete(file));
  }
  return sessions.get(file);
}

async function open(model, told) {
  for (const part of Object.values(model.files)) await session(part, told);
}

async function run(file, inputs) {
  const network = await session(file);
  return network.run(Object.fromEntries(network.inputNames.map((name) => [name, inputs[name]])));
}

/** RGBA bytes as a tensor (1, 3, S, S) in [-1, 1]. */
function toTensor(rgba, side) {
  const values = new Float32Array(3 * side * side);
  for (let pixel = 0; pixel < side * side; pixel++) {
    for (let c = 0; c < 3; c++) values[c * side * side + pixel] = Math.fround(rgba[4 * pixel + c] / 127.5) - 1;
  }
  return new ort.Tensor("float32", values, [1, 3, side, side]);
}

async function planOf(model, picture) {
  const { encoder, plan } = model.files;
  if (!encoded.has(encoder)) encoded.set(encoder, await run(encoder, { picture: toTensor(picture, model.resolution) }));
  const features = encoded.get(encoder);
  if (!plans.has(model.name)) plans.set(model.name, { ...features, ...(await run(plan, features)) });
  return plans.get(model.name);
}

function forget() {
  encoded.clear();
  plans.clear();
}

/** Do work again with WebAssembly where a GPU has failed: drivers stop, and a laptop may lose its GPU. */
async function withFallback(work) {
  try {
    return await work();
  } catch (error) {
    if (provider !== "webgpu") throw error;
    console.warn(`WebGPU is left aside: ${error.message ?? error}`);
    await begin("wasm");
    forget();
    return work();
  }
}

async function render(model, picture, code) {
  const begun = performance.now();
  const plan = await planOf(model, picture);
  const planned = performance.now();
  const style = new ort.Tensor("float32", Float32Array.from(code), [1, code.length]);
  const values = (await run(model.files.render, { ...plan, style })).picture.data;
  return { values, planMs: planned - begun, renderMs: performance.now() - planned };
}

/** How far the colours of a known pattern's translation are from those that they should be. */
async function checkDifference(model) {
  const side = model.resolution;
  const pattern = new Uint8ClampedArray(4 * side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) for (let c = 0; c < 3; c++) pattern[4 * (y * side + x) + c] = (2 * x + y + 64 * c) % 256;
  }
  forget();
  const { values } = await render(model, pattern, model.mean);
  forget();
  const cell = side / CHECK_SIDE;
  const differences = model.check.map((wanted, index) => {
    const [c, row, column] = [Math.trunc(index / 64), Math.trunc(index / 8) % 8, index % 8];
    let sum = 0;
    for (let y = row * cell; y < (row + 1) * cell; y++) {
      for (let x = column * cell; x < (column + 1) * cell; x++) sum += values[(c * side + y) * side + x];
    }
    return Math.abs(sum / cell ** 2 - wanted);
  });
  return Math.max(...differences);
}

const actions = {
  /** Start a runtime and open the first model; asked is "webgpu", "wasm" or empty for the better one. */
  async start({ models, model, asked }, told) {
    table = models;
    const kinds = asked !== "wasm" && (await hasGPU(asked === "webgpu")) ? ["webgpu", "wasm"] : ["wasm"];
    for (const kind of kinds) {
      try {
        await begin(kind, told);
        await open(model, told);
        if (kind === "wasm") break;
        const difference = await checkDifference(model);
        if (difference < CHECK_TOLERANCE) break;
        throw new Error(`its pictures differ by ${difference.toFixed(3)}`);
      } catch (error) {
        if (kind === kinds.at(-1)) throw error;
        console.warn(`WebGPU is left aside: ${error.message ?? error}`);
      }
    }
    return { provider, threads: ort.env.wasm.numThreads };
  },

  async open({ model }, told) {
    await open(model, told);
  },

  /** Fetch files for the time without a network; whether they will be there when the page is opened again. */
  async keep({ files }) {
    for (const file of files) await bytesOf(file);
    if (!self.caches) return false;
    const store = await caches.open(STORE);
    const found = await Promise.all(files.map((file) => store.match(new URL(file, HERE).href)));
    return found.every(Boolean);
  },

  async render({ model, picture, style }) {
    if (picture.id !== photo.id) {
      photo = picture;
      forget();
    }
    const { values, planMs, renderMs } = await withFallback(() => render(model, photo.pixels, style));
    const side = model.resolution;
    const rgba = new Uint8ClampedArray(4 * side * side).fill(255);
    for (let pixel = 0; pixel < side * side; pixel++) {
      // Clamped arrays round as the app does.
      for (let c = 0; c < 3; c++) rgba[4 * pixel + c] = Math.fround(Math.fround(values[c * side * side + pixel] + 1) * 127.5);
    }
    return { rgba, planMs, renderMs, provider };
  },

  async sample({ model, latents }) {
    const styles = [];
    for (const latent of latents) {
      const given = new ort.Tensor("float32", Float32Array.from(latent), [1, latent.length]);
      styles.push(Array.from((await run(model.files.sample, { latent: given })).style.data));
    }
    return styles;
  },
};

// One at a time: a session takes no second picture while it works.  Fetching what is for later holds nothing up.
let queue = Promise.resolve();
self.onmessage = ({ data: { id, action, values } }) => {
  const work = async () => {
    try {
      const told = (bytes) => self.postMessage({ told: bytes });
      self.postMessage({ id, result: await actions[action](values, told) });
    } catch (error) {
      self.postMessage({ id, error: String(error.message ?? error) });
    }
  };
  if (action === "keep") work();
  else queue = queue.then(work);
};
