// The page: what its parts do to each other.

import { Camera } from "./camera.js";
import { Engine } from "./engine.js";
import { Frame } from "./frame.js";
import { download, examplesFor, layOutAxes, layOutDrawn, layOutExamples, layOutTargets } from "./parts.js";
import { cutSquare, readPhoto } from "./pictures.js";
import { coordinates, gaussianLatents, moved, toJson } from "./styles.js";
import { domainName, fillTexts, remember, settings, text } from "./texts.js";

const DRAWN = 7;
const REACH = 3;
const FIRST_EXAMPLE = "dog-husky";
const PAUSE_MS = 250;

const $ = (id) => document.getElementById(id);
const all = { models: [], examples: [] };
// What is shown: the model, the photograph (a canvas), its square as the network takes it, and the style.
const state = { model: null, photo: null, picture: { id: 0, pixels: null }, code: null, line: null, network: "" };
// By model: the style codes on offer (the mean first), the one that is chosen, and the sliders' places if they were moved.
const looks = new Map();

let received = 0;
let awaited = 0;
const engine = new Engine(
  (bytes) => {
    received += bytes;
    showProgress();
  },
  (isBusy) => count(isBusy ? 1 : -1),
);
const camera = new Camera($("video"));
const frame = new Frame($("frame"), $("zoom"), () => changePicture(true));

// What is being done

let tasks = 0;

function count(change) {
  tasks += change;
  document.documentElement.dataset.busy = tasks > 0;
}

/** A function that counts as being done until its promise is settled. */
function task(work) {
  return async (...values) => {
    count(1);
    try {
      return await work(...values);
    } finally {
      count(-1);
    }
  };
}

// What is said

function say(key, values) {
  $("toast").textContent = text(key, values);
  $("toast").hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => ($("toast").hidden = true), 9000);
}

function showProgress() {
  const mb = (bytes) => (bytes / 1e6).toFixed(1);
  const isLoading = received < awaited;
  $("progress").value = awaited ? Math.min(1, received / awaited) : 0;
  $("wait-text").textContent = isLoading ? text("loading", { done: mb(received), total: mb(awaited) }) : text("starting");
}

function showTexts() {
  fillTexts();
  if (!state.model) return;
  const target = domainName(state.model.target);
  $("heading").textContent = text("heading", { target });
  document.title = `${text("heading", { target })} · GP-UNIT`;
  $("result-heading").textContent = target;
  $("after-tag").textContent = target;
  $("after").ariaLabel = target;
  $("terms").textContent = text("terms", { licence: state.model.licence });
  $("network").textContent = state.network && text(state.network);
  $("timing").textContent = state.line ? timing(state.line) : "";
  for (const span of document.querySelectorAll("[data-domain]")) span.textContent = domainName(span.dataset.domain);
  for (const element of document.querySelectorAll("[data-example]")) {
    element.ariaLabel = text("example", { domain: domainName(element.dataset.example) });
    element.title = element.ariaLabel;
  }
}

function timing({ provider, threads, ms }) {
  const runtime = text(provider === "wasm" && threads > 1 ? "on_threads" : `on_${provider}`, { threads });
  return `${text("timing", { ms })} · ${runtime} · ${state.model.resolution} px`;
}

function setLook(look) {
  document.documentElement.dataset.look = look;
}

// Photographs

function takePicture(changes = {}) {
  const pixels = cutSquare(state.photo, frame.crop, state.model.resolution);
  state.picture = { id: state.picture.id + 1, pixels, ...changes };
}

/** Translate the square that is framed now; small pictures follow when it has rested. */
function changePicture(waits = false) {
  if (!state.model || !state.photo) return;
  takePicture();
  showBefore();
  showResult();
  clearTimeout(changePicture.timer);
  changePicture.timer = setTimeout(showDrawn, waits ? PAUSE_MS : 0);
}

function showBefore() {
  const side = state.model.resolution;
  put($("before"), state.picture.pixels, side);
}

function put(canvas, rgba, side) {
  canvas.width = canvas.height = side;
  canvas.getContext("2d").putImageData(new ImageData(rgba, side), 0, 0);
}

const openPhoto = task(async (blob, example = null) => {
  let photo;
  try {
    photo = await readPhoto(blob);
  } catch {
    return say("not_a_picture");
  }
  stopCamera();
  state.photo = photo;
  for (const button of $("examples").children) button.ariaPressed = String(button.dataset.file === example);
  frame.open(photo);
  changePicture();
});

const openExample = task(async (file) => {
  try {
    const answer = await fetch(file);
    if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
    await openPhoto(await answer.blob(), file);
  } catch (error) {
    say("no_files", { reason: error.message });
  }
});

async function toggleCamera() {
  if (camera.isOn) {
    stopCamera();
    return showDrawn();
  }
  if (!navigator.mediaDevices) return say("no_camera_here");
  try {
    await camera.start();
  } catch (error) {
    return say("no_camera", { reason: error.name });
  }
  showCamera();
  for (const button of $("examples").children) button.ariaPressed = "false";
  state.photo = document.createElement("canvas");
  camera.capture(state.photo);
  frame.open(state.photo);
  while (camera.isOn) {
    camera.capture(state.photo);
    frame.draw();
    takePicture();
    showBefore();
    await showResult();
    await new Promise(requestAnimationFrame);
  }
}

function stopCamera() {
  camera.stop();
  showCamera();
}

function showCamera() {
  $("camera").ariaPressed = String(camera.isOn);
  $("camera").dataset.text = camera.isOn ? "camera_stop" : "camera";
  $("camera").textContent = text($("camera").dataset.text);
}

// Styles

async function lookOf(model) {
  if (!looks.has(model.name)) {
    const drawn = await engine.ask("sample", { model, latents: gaussianLatents(DRAWN, model.latent) });
    looks.set(model.name, { codes: [model.mean, ...drawn], chosen: 0, places: null });
  }
  return looks.get(model.name);
}

/** Choose one of the styles on offer; the sliders go where it is. */
function choose(index) {
  const look = looks.get(state.model.name);
  Object.assign(look, { chosen: index, places: null });
  setStyle(look);
  return showResult();
}

function setStyle(look) {
  const base = look.codes[look.chosen];
  state.code = look.places ? moved(state.model, base, look.places) : base;
  const places = look.places ?? coordinates(state.model, base);
  [...$("axes").querySelectorAll("input")].forEach((slider, k) => {
    slider.value = places[k];
    slider.nextElementSibling.value = places[k].toFixed(1);
  });
  [...$("drawn").children].forEach((button, index) => (button.ariaPressed = String(index === look.chosen)));
}

function moveAxis(k, value) {
  const look = looks.get(state.model.name);
  look.places ??= coordinates(state.model, look.codes[look.chosen]);
  look.places[k] = value;
  setStyle(look);
  showResult();
}

const sampleAgain = task(async () => {
  looks.delete(state.model.name);
  await lookOf(state.model);
  await choose(1);
  showDrawn();
});

// Translations

async function showResult() {
  const { model, picture, code } = state;
  let made;
  try {
    made = await engine.show({ model, picture, style: code });
  } catch (error) {
    return say("failed", { reason: error.message });
  }
  if (!made || model !== state.model) return;
  put($("after"), made.rgba, model.resolution);
  $("wait").hidden = true;
  for (const id of ["save", "save-style", "sample", "reset"]) $(id).disabled = false;
  state.line = { ...state.runtime, provider: made.provider, ms: Math.round(made.renderMs) };
  $("compare").dataset.shown = Number($("compare").dataset.shown ?? 0) + 1;
  showTexts();
}

/** Render the styles on offer for the photograph, small. */
function showDrawn() {
  const { model, picture } = state;
  const buttons = [...$("drawn").children];
  const show = (button, made) => button.isConnected && put(button.firstChild, made.rgba, model.resolution);
  engine.showSmall(
    looks.get(model.name).codes.map((style, index) => ({
      values: { model, picture, style },
      resolve: (made) => show(buttons[index], made),
      reject: (error) => say("failed", { reason: error.message }),
    })),
  );
}

const openModel = task(async (model) => {
  expect([...Object.values(model.files)]);
  $("wait").hidden = false;
  state.model = model;
  try {
    await engine.ask("open", { model });
    const look = await lookOf(model);
    if (model !== state.model) return;
    layOutAxes($("axes"), model, REACH, moveAxis);
    layOutDrawn($("drawn"), look.codes.length, choose);
    setStyle(look);
    showTexts();
    changePicture();
  } catch (error) {
    say("no_files", { reason: error.message });
  }
});

const wanted = new Set();

/** Count files, which are yet to come, into what is awaited. */
function expect(files) {
  for (const file of files) {
    if (!wanted.has(file)) awaited += all.bytes[file];
    wanted.add(file);
  }
  showProgress();
}

/** Fetch what the other models need, so that they open without a network. */
async function keepAll() {
  if (navigator.connection?.saveData) return setNetwork(all.models.length > 1 ? "online" : "offline_open");
  setNetwork("keeping");
  const files = [`${all.runtime}/${state.runtime.provider}.wasm`, ...all.models.flatMap(({ files }) => Object.values(files))];
  try {
    const worker = navigator.serviceWorker && (await navigator.serviceWorker.ready);
    const areKept = await engine.ask("keep", { files: [...new Set(files)] });
    setNetwork(areKept && worker ? "offline" : "offline_open");
  } catch {
    setNetwork("online");
  }
}

function setNetwork(key) {
  state.network = key;
  $("network").dataset.state = key;
  showTexts();
}

// Saving

const stem = () => state.model.name.replace("/", "--");

// Wiring

function wire() {
  $("file").addEventListener("change", ({ target }) => {
    if (target.files.length) openPhoto(target.files[0]);
    target.value = "";
  });
  $("camera").addEventListener("click", toggleCamera);
  $("sample").addEventListener("click", sampleAgain);
  $("reset").addEventListener("click", () => choose(looks.get(state.model.name).chosen));
  $("split").addEventListener("input", ({ target }) => $("compare").style.setProperty("--split", target.value));
  $("save").addEventListener("click", () => $("after").toBlob((blob) => download(blob, `${stem()}.png`)));
  $("save-style").addEventListener("click", () => {
    download(new Blob([toJson(state.model, state.code)], { type: "application/json" }), `style-${stem()}.json`);
  });
  $("language").addEventListener("click", () => {
    settings.language = settings.language === "zh" ? "en" : "zh";
    remember("language", settings.language);
    showTexts();
  });
  $("look").addEventListener("click", () => {
    setLook(document.documentElement.dataset.look === "dark" ? "light" : "dark");
    remember("look", document.documentElement.dataset.look);
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const followSystem = () => setLook(settings.look ?? (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", followSystem);
  followSystem();
  addEventListener("dragover", (event) => {
    event.preventDefault();
    $("drop").classList.add("over");
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? $("drop").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").classList.remove("over");
    if (event.dataTransfer.files.length) openPhoto(event.dataTransfer.files[0]);
  });
  addEventListener("paste", ({ clipboardData }) => clipboardData?.files.length && openPhoto(clipboardData.files[0]));
}

async function start() {
  wire();
  showTexts();
  navigator.serviceWorker?.register("sw.js").catch(() => {});
  try {
    Object.assign(all, await (await fetch("models.json")).json());
    [state.model] = all.models;
    layOutTargets($("targets"), all.models, openModel);
    all.examples = examplesFor(all.models, all.examples);
    layOutExamples($("examples"), all.examples, openExample);
    showTexts();
    const asked = new URLSearchParams(location.search).get("backend") ?? "";
    expect([`${all.runtime}/wasm.wasm`, ...Object.values(state.model.files)]);
    state.runtime = await engine.ask("start", { models: all, model: state.model, asked });
  } catch (error) {
    return say("no_files", { reason: error.message });
  }
  await openModel(state.model);
  const first = all.examples.find(({ file }) => file.includes(FIRST_EXAMPLE)) ?? all.examples[0];
  await openExample(first.file);
  await keepAll();
}

start();
