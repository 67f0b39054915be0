// The service worker: the page opens without a network once it was open with one.
// Small files come into a store of this version as it is installed; large ones are fetched and kept by worker.js.
const VERSION = "__VERSION__";
const FILES = [/* files */];
const HERE = new URL("./", self.location.href);
const STORE = `gpunit ${HERE.pathname}`;
const SHELL = `${STORE} ${VERSION}`;
const isLarge = (file) => /\.(wasm|onnx)$/.test(file);
const addressOf = (file) => new URL(file, HERE).href;

self.addEventListener("install", (event) => {
  const small = FILES.filter((file) => !isLarge(file));
  const requests = small.map((file) => new Request(addressOf(file), { cache: "no-cache" }));
  event.waitUntil(caches.open(SHELL).then((shell) => shell.addAll(requests)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(removeOld().then(() => self.clients.claim()));
});

async function removeOld() {
  for (const name of await caches.keys()) {
    if (name.startsWith(`${STORE} `) && name !== SHELL) await caches.delete(name);
  }
  const store = await caches.open(STORE);
  const wanted = new Set(FILES.map(addressOf));
  for (const request of await store.keys()) if (!wanted.has(request.url)) await store.delete(request);
}

self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && event.request.url.startsWith(HERE.href)) event.respondWith(answer(event.request));
});

async function answer(request) {
  const [address] = request.url.split(/[?#]/);
  const shell = await caches.open(SHELL);
  const kept = await shell.match(address === HERE.href ? addressOf("index.html") : address);
  return kept ?? (await (await caches.open(STORE)).match(address)) ?? fetch(request);
}
