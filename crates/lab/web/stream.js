// The stream of events from the lab, which is resumed where it broke off, and closed while nobody looks.

// After this long without data the connection counts as lost.
const SILENCE = 3000;
// A tab that has been hidden for this long closes its connection: a browser has six of them for all its tabs.
const HIDDEN = 60_000;
const FIRST_RETRY = 500;
const LAST_RETRY = 5000;
// History is asked for in parts of so many seconds, and a little more than is missing: what was told late is known by
// its number.
const PART = 300;
const OVERLAP = 1;
// The channel on which the pages of one browser announce that another page has opened.
const CHANNEL = "breaker-lab";

/** The run and the number of an event's id. */
function parts(id) {
  const at = id.lastIndexOf("-");
  return { run: id.slice(0, at), number: Number(id.slice(at + 1)) };
}

export class Stream {
  /** `on` has `hello(hello)`, `tick(tick)`, `status(word)`, and `end()`: until when everything is known.
   * `known()`, if it is there, hears that the past has been told. */
  constructor(on) {
    this.on = on;
    this.last = null;
    this.retry = FIRST_RETRY;
    this.heard = performance.now();
    // Events are processed in order, although the history before them may have to be requested.
    this.queue = Promise.resolve();
    this.watchdog = setInterval(() => this.watch(), 1000);
    this.others = new BroadcastChannel(CHANNEL);
    this.others.addEventListener("message", () => this.yield());
    document.addEventListener("visibilitychange", () => this.seen());
    this.open();
    this.seen();
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
      // Known events arrived before the connection broke.
      for (const tick of history.ticks) if (tick.t > this.on.end()) this.on.tick(tick);
      this.last = id;
      this.on.known?.();
    });
    on("tick", (tick, id) => {
      const [now, before] = [parts(id), parts(this.last ?? "-0")];
      // A reopened stream may repeat events that were still in the queue.
      if (now.run === before.run && now.number <= before.number) return;
      this.on.tick(tick);
      this.last = id;
    });
    source.addEventListener("error", () => {
      // Anything but 200 ends an EventSource for good, and does not say why.
      if (source === this.source && source.readyState === EventSource.CLOSED) this.ask();
    });
    this.others.postMessage("opened");
  }

  /** Requests the reason why the stream is refused. */
  async ask() {
    const state = await fetch("/api/state").then((answer) => answer.json()).catch(() => null);
    const full = state && state.viewers >= state.most_viewers;
    this.on.status(full ? `${state.most_viewers} pages are already open: close one` : "reconnecting");
  }

  /** Requests the history before `from` that is not known yet. What is no longer available is counted as missed. */
  async before(from) {
    const known = this.on.end();
    for (let at = Math.max(0, known - OVERLAP); known < from && at < from; at += PART) {
      const answer = await fetch(`/api/history?from=${at}&to=${Math.min(from, at + PART)}`).catch(() => null);
      if (!answer?.ok) return;
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
    if (silent < (ended ? this.retry : SILENCE)) return;
    if (!ended) this.on.status("reconnecting");
    this.retry = Math.min(LAST_RETRY, 2 * this.retry);
    this.open();
  }

  /** Handles that the tab is hidden, or shown again. */
  seen() {
    clearTimeout(this.leaving);
    if (document.hidden) this.leaving = setTimeout(() => this.leave(), HIDDEN);
    else if (this.paused) {
      this.paused = false;
      this.open();
    }
  }

  /** Handles that another page of this browser has opened its stream: a hidden page closes its own. */
  yield() {
    if (document.hidden) this.leave();
  }

  leave() {
    this.paused = true;
    this.close();
  }
}
