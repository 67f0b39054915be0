// The worker as promises, and the order of its work: what is looked at first, then the small pictures.

export class Engine {
  #worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  #waiting = new Map();
  #next = 0;
  #shown = null;
  #small = [];
  #isBusy = false;

  /**
   * @param told hears of every part of a file that has come: (bytes).
   * @param setBusy hears whether pictures are being rendered: (isBusy).
   */
  constructor(told, setBusy) {
    this.setBusy = setBusy;
    this.#worker.onmessage = ({ data }) => {
      if (data.told) return told(data.told);
      const { resolve, reject } = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.error === undefined) resolve(data.result);
      else reject(new Error(data.error));
    };
    this.#worker.onerror = (event) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(event.message));
      this.#waiting.clear();
    };
  }

  /** Do one of the worker's actions. */
  ask(action, values) {
    const id = this.#next++;
    this.#worker.postMessage({ id, action, values });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** Render what is looked at; a newer request takes the place of one that waits. Resolves to null for the latter. */
  show(values) {
    this.#shown?.resolve(null);
    return new Promise((resolve, reject) => {
      this.#shown = { values, resolve, reject };
      this.#work();
    });
  }

  /** Render small pictures when nothing else is to be done, in place of those that still wait. */
  showSmall(jobs) {
    this.#small = jobs;
    this.#work();
  }

  async #work() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.setBusy(true);
    while (this.#shown || this.#small.length) {
      const job = this.#shown ?? this.#small.shift();
      if (job === this.#shown) this.#shown = null;
      await this.ask("render", job.values).then(job.resolve, job.reject);
    }
    this.#isBusy = false;
    this.setBusy(false);
  }
}
