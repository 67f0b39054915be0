// Where the visitor is: the tab in the address, the way back, and the one picture that all tabs show.
gpunit.place = (() => {
  const FIRST = "translate";
  const buttons = () => [...(document.querySelector("#tabs [role=tablist]")?.querySelectorAll("[data-tab-id]") ?? [])];
  const opened = () => buttons().find((each) => each.getAttribute("aria-selected") === "true")?.dataset.tabId;
  const named = () => {
    const name = new URLSearchParams(location.search).get("tab");
    return buttons().some((each) => each.dataset.tabId === name) ? name : FIRST;
  };
  const address = (tab) => {
    const url = new URL(location.href);
    if (tab === FIRST) url.searchParams.delete("tab");
    else url.searchParams.set("tab", tab);
    return url;
  };

  // A tab that is opened from far down begins at its top.
  const toTop = () => {
    const top = document.getElementById("tabs").getBoundingClientRect().top;
    if (top < 0) window.scrollBy({ top, behavior: "instant" });
  };
  const open = (tab) => buttons().find((each) => each.dataset.tabId === tab)?.click();

  // Whatever opens a tab (a click, a key, a button that leads there) is a step in the browser's history.
  let shown = null;
  const follow = () => {
    const tab = opened();
    if (!tab || tab === shown) return;
    const isFirst = shown === null;
    shown = tab;
    if (isFirst) {
      if (named() !== tab) open(named());
    } else if (named() !== tab) {
      history.replaceState({ ...history.state, top: scrollY }, "");
      history.pushState({}, "", address(tab));
      toTop();
    }
  };
  new MutationObserver(follow).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["aria-selected"],
  });
  addEventListener("popstate", () => {
    const top = history.state?.top;
    open(named());
    // Once the tab has its height.
    requestAnimationFrame(() => requestAnimationFrame(() => (top === undefined ? toTop() : scrollTo({ top, behavior: "instant" }))));
  });

  // Brings what an action has changed into view.
  const reveal = (id) => {
    document.getElementById(id).scrollIntoView({ block: "nearest", behavior: "instant" });
    return [];
  };

  // [picture, zoom, across, down], of the tab in which it was changed last.
  let content = null;
  const note = (...changed) => {
    if (changed[0]) content = changed;
    return [];
  };
  const carried = (...here) => {
    const isSame = content === null || (here[0]?.path === content[0].path && String(here.slice(1)) === String(content.slice(1)));
    return isSame ? [] : content;
  };
  // What a link has put on the first tab, for the others, of which one may be open.
  const spread = (...all) => {
    note(...all.slice(0, 4));
    const others = [all.slice(4, 8), all.slice(8)];
    return others.flatMap((here) => [...carried(...here), ...Array(4)].slice(0, 4));
  };

  return { reveal, note, carried, spread };
})();
