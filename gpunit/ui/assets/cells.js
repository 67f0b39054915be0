// The cells of a sheet of pictures, for keys and screen readers: arrow keys go from one to the next, Enter clicks it.
// A gr.HTML runs this as it loads: `props` are that component's.
const block = document.getElementById(props.picture);
const sheet = document.createElement("div");
sheet.className = "cells";
sheet.setAttribute("role", "grid");
sheet.setAttribute("aria-label", props.label ?? "");
const cells = [];
for (let row = 0; row < props.rows; row++) {
  const line = document.createElement("div");
  line.setAttribute("role", "row");
  for (let column = 0; column < props.columns; column++) {
    const cell = document.createElement("div");
    cell.setAttribute("role", "gridcell");
    cell.setAttribute("aria-label", `${row + 1}, ${column + 1}`);
    cell.tabIndex = cells.length ? -1 : 0;
    Object.assign(cell.dataset, { row, column });
    line.append(cell);
    cells.push(cell);
  }
  sheet.append(line);
}
block.append(sheet);

const picture = () => block.querySelector(".image-frame img");

function place() {
  const image = picture();
  sheet.hidden = !(image && image.naturalWidth && image.offsetParent);
  if (sheet.hidden) return;
  const [outer, inner] = [block.getBoundingClientRect(), image.getBoundingClientRect()];
  const scale = inner.width / image.naturalWidth;
  const set = (node, left, top, width, height) =>
    Object.assign(node.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  set(sheet, inner.left - outer.left, inner.top - outer.top, inner.width, inner.height);
  const start = (number) => scale * (props.gap + number * (props.cell + props.gap));
  for (const cell of cells) {
    set(cell, start(Number(cell.dataset.column)), start(Number(cell.dataset.row)), scale * props.cell, scale * props.cell);
  }
}

sheet.addEventListener("keydown", (event) => {
  const at = cells.indexOf(event.target);
  const column = at % props.columns, last = cells.length - 1;
  const to = {
    ArrowLeft: column ? at - 1 : at, ArrowRight: column < props.columns - 1 ? at + 1 : at,
    ArrowUp: at - props.columns, ArrowDown: at + props.columns, Home: at - column, End: at - column + props.columns - 1,
  }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    const next = cells[to >= 0 && to <= last ? to : at];
    cells.forEach((cell) => (cell.tabIndex = cell === next ? 0 : -1));
    next.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    cells.forEach((cell) => cell.setAttribute("aria-selected", String(cell === event.target)));
    const box = event.target.getBoundingClientRect();
    const clientX = box.left + box.width / 2, clientY = box.top + box.height / 2;
    picture()?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, clientX, clientY, view: window }));
  }
});
block.addEventListener("load", place, true);
new ResizeObserver(place).observe(block);
new MutationObserver(place).observe(block, { childList: true, subtree: true });
place();
