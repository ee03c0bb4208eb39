// The stream of events from the lab: kept up, resumed where it broke off, and given up while nobody looks.

// After so long without a word the connection is taken for lost.
const SILENCE = 3000;
// A tab that has been hidden for so long gives its connection back: a browser has six of them.
const HIDDEN = 60_000;
const FIRST_RETRY = 500;
const LAST_RETRY = 5000;

export class Stream {
  /** `on` has `hello(hello)`, `tick(tick)`, and `status(word)`. */
  constructor(on) {
    this.on = on;
    this.last = null;
    this.retry = FIRST_RETRY;
    this.heard = performance.now();
    // Events are taken in their order, although the past before them may have to be asked for.
    this.queue = Promise.resolve();
    this.watchdog = setInterval(() => this.watch(), 1000);
    document.addEventListener("visibilitychange", () => this.seen());
    this.open();
  }

  open() {
    this.close();
    this.heard = performance.now();
    const after = this.last ? `?after=${encodeURIComponent(this.last)}` : "";
    const source = new EventSource(`/api/events${after}`);
    this.source = source;
    const on = (name, then) => {
      source.addEventListener(name, (event) => {
        this.heard = performance.now();
        this.retry = FIRST_RETRY;
        const data = JSON.parse(event.data);
        const id = event.lastEventId;
        this.queue = this.queue.then(() => then(data, id)).catch((error) => console.error(error));
      });
    };
    on("hello", (hello) => {
      this.on.hello(hello);
      this.on.status("live");
    });
    on("history", async (history, id) => {
      await this.before(history.from);
      for (const tick of history.ticks) this.on.tick(tick);
      this.last = id;
    });
    on("tick", (tick, id) => {
      this.on.tick(tick);
      this.last = id;
    });
  }

  /** Asks for what was before `from` and is not known yet. */
  async before(from) {
    const known = this.on.end();
    const step = 300;
    for (let at = known; at < from; at += step) {
      const to = Math.min(from, at + step);
      const answer = await fetch(`/api/history?from=${at}&to=${to}`);
      if (!answer.ok) return;
      this.on.tick(await answer.json());
    }
  }

  close() {
    this.source?.close();
    this.source = null;
  }

  watch() {
    if (this.paused) return;
    const silent = performance.now() - this.heard;
    const ended = this.source === null || this.source.readyState === EventSource.CLOSED;
    if (silent < Math.max(SILENCE, ended ? this.retry : 0) && !ended) return;
    if (ended && silent < this.retry) return;
    this.on.status("reconnecting");
    this.retry = Math.min(LAST_RETRY, 2 * this.retry);
    this.open();
  }

  /** A tab is hidden, or shown again. */
  seen() {
    clearTimeout(this.leaving);
    if (document.hidden) {
      this.leaving = setTimeout(() => {
        this.paused = true;
        this.close();
      }, HIDDEN);
    } else if (this.paused) {
      this.paused = false;
      this.open();
    }
  }
}
