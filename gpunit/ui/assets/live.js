// The webcam, translated as fast as the machine does it.  A gr.HTML runs this as it loads: its value is {frame} on the
// way to the server and {picture} on the way back.  The next frame is taken when the last one's picture is there, so
// that frames are dropped and never wait, and a page has one job at a time among those of others.
const SIDE = 256, MOST_A_SECOND = 15, PATIENCE = 30_000;
const stage = document.getElementById(props.stage);
const [video, image, rate] = ["video", "img", "output"].map((each) => stage.querySelector(each));
const denied = document.getElementById(props.denied);
const sheet = document.createElement("canvas");
sheet.width = sheet.height = SIDE;
denied.hidden = true;
image.alt = props.label ?? "";

let stream = null, sent = 0, isWaiting = false, watchdog, pause, each = 0;

function send() {
  if (!stream || isWaiting) return;
  if (!stage.checkVisibility() || document.hidden) return end(); // no one looks
  const side = Math.min(video.videoWidth, video.videoHeight);
  if (!side) return void (pause = setTimeout(send, 50));
  const left = (video.videoWidth - side) / 2, top = (video.videoHeight - side) / 2;
  sheet.getContext("2d").drawImage(video, left, top, side, side, 0, 0, SIDE, SIDE);
  [isWaiting, sent] = [true, performance.now()];
  watchdog = setTimeout(end, PATIENCE);
  props.value = { frame: sheet.toDataURL("image/jpeg", 0.85) };
  trigger("release");
}

function answered() {
  const picture = props.value?.picture;
  if (props.value?.frame) return;
  clearTimeout(watchdog);
  isWaiting = false;
  if (!picture) return end();
  if (!stream) return;
  const took = performance.now() - sent, wait = Math.max(1000 / MOST_A_SECOND - took, 0);
  each = each ? 0.8 * each + 0.2 * (took + wait) : took + wait;
  image.src = picture;
  stage.dataset.live = "";
  rate.textContent = `${(1000 / each).toFixed(1)} fps`;
  pause = setTimeout(send, wait);
}

async function begin() {
  if (stream) return;
  denied.hidden = true;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, facingMode: "user" } });
  } catch {
    denied.hidden = false; // no webcam, no leave, or no secure address
    return;
  }
  stream.getTracks().forEach((track) => track.addEventListener("ended", end));
  video.srcObject = stream;
  await video.play();
  each = 0;
  stage.dataset.on = "";
  send();
}

function end() {
  clearTimeout(watchdog);
  clearTimeout(pause);
  stream?.getTracks().forEach((track) => track.stop());
  stream = video.srcObject = null;
  delete stage.dataset.on;
}

watch("value", answered);
document.addEventListener("visibilitychange", () => document.hidden && end());
gpunit.live = { begin: () => (begin(), []), end: () => (end(), []) };
