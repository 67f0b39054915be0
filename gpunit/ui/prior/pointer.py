"""The browser's part of marking: clicks, drags and keys in the grid, told in pixels of its picture."""

from __future__ import annotations

from gpunit.ui.prior.pictures import CELL, GAP, HEADER

# A drag that is shorter is a click.
SHORTEST_DRAG = 4

# Reports clicks and drags in the grid, in pixels of its picture; keys move the mark while the component has the focus.
MARK_JS = f"""
const OLD = "priorMarks", CELL = {CELL}, STEP = {CELL + GAP}, LEFT = {GAP}, TOP = {GAP + HEADER};
if (window[OLD]) window[OLD].abort();
const control = window[OLD] = new AbortController(), signal = control.signal;
let start = null, last = null, frame = null;
const picture = () => document.querySelector("#prior-grid img");
const geometry = () => {{
    const img = picture();
    if (!img || !img.naturalWidth) return null;
    const box = img.getBoundingClientRect();
    const scale = Math.min(box.width / img.naturalWidth, box.height / img.naturalHeight);
    return {{ scale, left: box.left + (box.width - scale * img.naturalWidth) / 2,
              top: box.top + (box.height - scale * img.naturalHeight) / 2 }};
}};
const at = (event) => {{
    const g = geometry();
    return g && [Math.floor((event.clientX - g.left) / g.scale), Math.floor((event.clientY - g.top) / g.scale)];
}};
const report = (from, to) => {{ last = from; trigger("select", {{ index: from, value: to }}); }};
const drop = () => {{ start = null; if (frame) frame.remove(); frame = null; }};
document.addEventListener("pointerdown", (event) => {{
    if (event.button || !event.target.closest || !event.target.closest("#prior-grid img")) return;
    start = at(event);
    event.preventDefault();
    element.querySelector("[tabindex]").focus({{ preventScroll: true }});
}}, {{ signal }});
document.addEventListener("pointermove", (event) => {{
    if (!start) return;
    const end = at(event), g = geometry();
    if (Math.max(Math.abs(end[0] - start[0]), Math.abs(end[1] - start[1])) < {SHORTEST_DRAG}) return;
    if (!frame) {{
        frame = document.createElement("div");
        frame.style.cssText = "position:fixed;border:2px solid red;pointer-events:none;z-index:1000";
        document.body.append(frame);
    }}
    const x = Math.min(start[0], end[0]), y = Math.min(start[1], end[1]);
    frame.style.left = g.left + g.scale * x + "px"; frame.style.top = g.top + g.scale * y + "px";
    frame.style.width = g.scale * Math.abs(end[0] - start[0]) + "px";
    frame.style.height = g.scale * Math.abs(end[1] - start[1]) + "px";
}}, {{ signal }});
document.addEventListener("pointerup", (event) => {{
    if (!start) return;
    const from = start, to = at(event) || start;
    drop();
    report(from, to);
}}, {{ signal }});
document.addEventListener("pointercancel", drop, {{ signal }});
document.addEventListener("dragstart", (event) => {{
    if (event.target.closest && event.target.closest("#prior-grid img")) event.preventDefault();
}}, {{ signal }});
element.addEventListener("keydown", (event) => {{
    const moves = {{ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }}, img = picture();
    if (!img) return;
    if (event.key === "Escape" && last) {{ event.preventDefault(); report([0, 0], [0, 0]); last = null; return; }}
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const step = event.ctrlKey ? STEP : event.shiftKey ? 1 : CELL / 16;
    const next = last ? last.map((part, i) => part + step * move[i]) : [LEFT + CELL / 2, TOP + CELL / 2];
    next[0] = Math.min(Math.max(next[0], LEFT), img.naturalWidth - LEFT - 1);
    next[1] = Math.min(Math.max(next[1], TOP), img.naturalHeight - LEFT - 1);
    report(next, next);
}}, {{ signal }});
"""
