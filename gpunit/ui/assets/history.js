// What the visitor made, in this browser alone: small pictures and recipes, bounded, and shared by all its windows.
gpunit.history = (() => {
  const KEY = `gpunit-history:${location.pathname}`;
  const [RECENT, PINNED] = [12, 12];
  let kept = [], isStored = true; // where the browser stores nothing, or no more, they stay as long as the page
  let chosen = null;

  // Read anew each time: another window may have added something.
  const read = () => {
    if (!isStored) return kept;
    try {
      const stored = JSON.parse(localStorage.getItem(KEY) ?? "[]");
      kept = Array.isArray(stored) ? stored.filter((each) => each?.entry?.key) : [];
    } catch { /* no storage, or none of ours */ }
    return kept;
  };
  const write = (all) => {
    const newest = [...all].sort((a, b) => b.time - a.time);
    const recent = newest.filter(({ isPinned }) => !isPinned).slice(0, RECENT);
    kept = [...newest.filter(({ isPinned }) => isPinned), ...recent];
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
      isStored = true;
    } catch {
      isStored = false;
    }
    dispatchEvent(new Event("gpunit-history"));
    return [];
  };

  // The same translation is moved to the front.
  const add = (entry) => {
    if (!entry) return [];
    const all = read(), before = all.find((each) => each.entry.key === entry.key);
    const others = all.filter((each) => each !== before);
    const time = Math.max(Date.now(), ...all.map((each) => each.time + 1)); // whatever the clock does
    return write([...others, { entry, time, isPinned: before?.isPinned ?? false }]);
  };
  const current = () => read().find(({ entry }) => entry.key === chosen)?.entry ?? null;
  // What stands in the way of it, as the key of a notice.
  const pin = () => {
    const all = read(), one = all.find(({ entry }) => entry.key === chosen);
    if (!one) return "no_entry";
    if (!one.isPinned && all.filter(({ isPinned }) => isPinned).length >= PINNED) return "too_many_pins";
    one.isPinned = !one.isPinned;
    write(all);
    return "";
  };
  const forget = () => write(read().filter(({ isPinned }) => isPinned));

  // Draws the entries into an element, now and after every change, in whichever window.
  const show = (element) => {
    const draw = () => {
      const all = read(), focused = element.querySelector(":focus")?.dataset.key;
      document.getElementById("history-empty").hidden = all.length > 0;
      element.replaceChildren(...all.map(({ entry, isPinned }) => {
        const button = document.createElement("button"), picture = new Image(), caption = document.createElement("span");
        Object.assign(button, { type: "button", className: "entry" });
        button.dataset.key = entry.key;
        button.setAttribute("aria-pressed", String(entry.key === chosen));
        Object.assign(picture, { src: entry.picture, alt: entry.caption });
        caption.className = "caption-label";
        caption.textContent = (isPinned ? "★ " : "") + entry.caption;
        button.append(picture, caption);
        button.addEventListener("click", () => ((chosen = entry.key), draw()));
        return button;
      }));
      if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    };
    addEventListener("gpunit-history", draw);
    addEventListener("storage", draw);
    draw();
  };

  return { add, chosen: current, pin, forget, show };
})();
