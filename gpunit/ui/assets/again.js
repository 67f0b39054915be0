// A picture whose transfer broke off - a phone that changes networks, a proxy that drops a connection - is asked for
// again, some seconds later each time.  Browsers leave a broken picture until the page is opened anew.
(() => {
  const WAITS = [500, 2000, 8000]; // milliseconds
  const tried = new WeakMap(); // by picture: the address that failed, and how often
  document.addEventListener("error", ({ target }) => {
    if (!(target instanceof HTMLImageElement) || !/^https?:/.test(target.src)) return;
    const asked = target.src;
    const last = tried.get(target);
    const times = last?.asked === asked ? last.times : 0;
    if (times >= WAITS.length) return;
    tried.set(target, { asked, times: times + 1 });
    setTimeout(() => target.src === asked && (target.src = asked), WAITS[times]);
  }, true); // errors of pictures do not bubble
})();
