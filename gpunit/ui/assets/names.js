// Names that the visitor gives to a model's axes, in this browser alone.  A gr.HTML runs this as it loads; its value is
// the model's name; the sliders stand in `props.row`, and `props.axes` starts their ids, which end in the axis's number.
const KEY = `gpunit-axes:${location.pathname}`;
const LONGEST = 40; // characters
let kept = {}, isStored = true; // where the browser stores nothing, or no more, they stay as long as the page

// By model, by number.  Read anew each time: another window may have named something.
const read = () => {
  if (!isStored) return kept;
  try {
    kept = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch { /* no storage, or none of ours */ }
  return kept;
};
const tidy = (name) => (typeof name === "string" ? name.replace(/\s+/g, " ").trim().slice(0, LONGEST) : "");
const nameOf = (number) => {
  const all = read();
  return Object.hasOwn(all, props.value) ? tidy(all[props.value]?.[number]) : "";
};
const keep = (number, name) => {
  const all = Object.entries(read()).filter(([model]) => model !== props.value);
  const names = { ...(Object.hasOwn(kept, props.value) ? kept[props.value] : {}), [number]: tidy(name) || undefined };
  kept = Object.fromEntries([...all, [props.value, names]]);
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
    isStored = true;
  } catch {
    isStored = false;
  }
};

const row = document.getElementById(props.row);
const labels = new WeakMap(); // by the label's text: its own words, and those that stand there now

// Gradio's label and what it calls the controls, with the axis's name in place of its number.
const draw = () => {
  for (const block of row.querySelectorAll(`.block[id^=${props.axes}]:has(input[type=range])`)) {
    const text = block.querySelector("[data-testid=block-info]").firstChild;
    const before = labels.get(text);
    const own = before?.shown === text.data ? before.own : text.data;
    const name = nameOf(numberOf(block)), share = /( · .*)?$/.exec(own)[0];
    const shown = name ? name + share : own;
    labels.set(text, { own, shown });
    if (text.data !== shown) text.data = shown;
    for (const input of block.querySelectorAll("input[aria-label]")) {
      const called = input.getAttribute("aria-label");
      const ending = [own, before?.shown].find((words) => words && words !== shown && called.endsWith(words));
      if (ending) input.setAttribute("aria-label", called.slice(0, -ending.length) + shown);
    }
    const button = block.querySelector(".rename") ?? addButton(block);
    const label = `${props.label}: ${shown}`;
    if (button.title !== label) {
      button.title = label;
      button.setAttribute("aria-label", label);
    }
  }
};
const numberOf = (block) => Number(block.id.slice(props.axes.length));

const addButton = (block) => {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "rename", textContent: "✎" });
  button.addEventListener("click", () => edit(block, button));
  const label = block.querySelector(".head label");
  label.addEventListener("dblclick", () => edit(block, button));
  label.after(button);
  return button;
};

// A field in the label's place: Enter or leaving it keeps the name, Escape does not, none brings the number back.
const edit = (block, button) => {
  if (block.querySelector(".name")) return;
  const number = numberOf(block), field = document.createElement("input");
  Object.assign(field, { type: "text", className: "name", maxLength: LONGEST, value: nameOf(number) });
  field.setAttribute("aria-label", button.title);
  let isOpen = true; // removing it takes the focus from it, which ends it once more
  const end = (isKept) => {
    if (!isOpen) return;
    isOpen = false;
    const hadFocus = document.activeElement === field;
    if (isKept) keep(number, field.value);
    field.remove();
    draw();
    if (hadFocus) button.focus();
  };
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter chooses a Chinese word
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault(); // Enter would press the button, which gets the focus
    end(event.key === "Enter");
  });
  field.addEventListener("blur", () => end(true));
  button.before(field);
  field.select();
};

watch("value", draw);
addEventListener("storage", draw);
new MutationObserver(draw).observe(row, { childList: true, characterData: true, subtree: true });
draw();
