// The four phenomena to observe, counted as they come, so that each can be shown for any instant.

import { HALF_OPEN, OPEN, brief, clock, doubts, percent, trusts } from "./clock.js";
import { until } from "./columns.js";

// How many of each are kept; the older half is dropped at once.
const MOST = 40_000;
// Causes for which a breaker opens again although no probe has failed: it waits for its fleet, or has lost it.
const NO_FLAP = ["fleet_probe_succeeded", "engine_lost"];

/** A list that drops its older half when it is full, and remembers how many it dropped, and the first entry. */
class Seen {
  constructor() {
    this.list = [];
    this.gone = 0;
    this.first = null;
  }

  push(it) {
    this.first ??= it;
    this.list.push(it);
    if (this.list.length > MOST) this.gone += this.list.splice(0, MOST / 2).length;
  }

  get last() {
    return this.list.at(-1);
  }

  /** How many there were up to an instant, and the last of them. */
  until(at) {
    const place = until(this.list, at, (it) => it.at);
    return { count: place ? this.gone + place : 0, last: this.list[place - 1] };
  }
}

export class Phenomena {
  constructor(store) {
    this.store = store;
    store.listeners.push(this);
    this.states = [...store.began];
    // Stretches in which one let calls pass while another was open or half-open: divergence, as the record has it.
    this.apart = new Seen();
    this.flaps = new Seen();
    // Seconds with fast failures, and how many there have been since the start.
    this.fast = new Seen();
    this.mixed = new Seen();
    this.done = -1;
    this.differ(0);
  }

  differ(at) {
    const apart = this.states.some(trusts) && this.states.some(doubts);
    const { last } = this.apart;
    // Each entry knows how long all earlier ones lasted together.
    const before = last ? last.before + (last.until ?? at) - last.at : 0;
    if (apart && (!last || last.until !== null)) this.apart.push({ at, until: null, before });
    if (!apart && last && last.until === null) last.until = Math.max(at, last.at);
  }

  changed(place) {
    const { changes } = this.store;
    const at = changes.at[place];
    const instance = changes.instance[place];
    // A stopped instance has no belief.
    if (this.store.under[instance] < 0) this.states[instance] = changes.to[place];
    this.differ(at);
    const opens = changes.from[place] === HALF_OPEN && changes.to[place] === OPEN;
    if (opens && !NO_FLAP.includes(this.store.causes[changes.cause[place]])) {
      this.flaps.push({ at, instance: changes.instance[place] });
    }
  }

  /** Notes that an instance is stopped, or works again. */
  turned(instance, at, state) {
    this.states[instance] = state;
    this.differ(at);
  }

  /** Evaluates each second once it is over. */
  counted(t) {
    const over = Math.floor(t) - 1;
    const first = Math.max(this.done + 1, this.store.firstSecond);
    for (let second = first; second <= over; second++) {
      let [fast, rejecting, serving] = [0, -1, -1];
      for (let instance = 0; instance < this.store.n; instance++) {
        const rejected = this.store.figure(second, instance, 2);
        fast += rejected;
        const served = this.store.figure(second, instance, 0);
        if (rejected && (rejecting < 0 || rejected > this.store.figure(second, rejecting, 2))) rejecting = instance;
        if (served && (serving < 0 || served > this.store.figure(second, serving, 0))) serving = instance;
      }
      if (fast) this.fast.push({ at: second, sum: fast + (this.fast.last?.sum ?? 0) });
      if (rejecting >= 0 && serving >= 0 && rejecting !== serving) this.mixed.push({ at: second, rejecting, serving });
      this.done = second;
    }
  }

  /** The content of each tile at an instant: how often, a sentence, and when it first happened. */
  at(at) {
    const { names } = this.store;
    const [apart, flaps, fast, mixed] = [this.apart, this.flaps, this.fast, this.mixed].map((seen) => seen.until(at));
    const stretch = apart.last;
    const together = stretch ? stretch.before + Math.min(stretch.until ?? at, at) - stretch.at : 0;
    const seen = (count, text, first, missing) => ({ count, text: count ? text : missing, first: count ? first : null });
    // A number and its sign stay on one line.
    const share = percent(at > 0 ? together / at : 0).replace(" ", "\u00a0");
    const first = this.mixed.first;
    return [
      seen(apart.count, `one closed, another not: ${share} of the time`, this.apart.first?.at,
        "waiting for one closed beside one that is not"),
      seen(fast.last?.sum ?? 0, "calls answered 503 at once, none sent downstream",
        this.fast.first?.at, "waiting for a breaker to reject a call"),
      seen(flaps.count, `open → half-open → open, last ${clock(flaps.last?.at ?? 0)}`, this.flaps.first?.at,
        "waiting for a probe to fail"),
      seen(mixed.count, `seconds: 503 from one, 200 from another${first ? ` (${names[first.rejecting]}, ${names[first.serving]})` : ""}`,
        first?.at, "waiting for 503 beside 200 in a second"),
    ];
  }
}

/** Fills the tiles. */
export function showTiles(tiles, phenomena, at) {
  const seen = phenomena.at(at);
  tiles.forEach((tile, place) => {
    const { count, text, first } = seen[place];
    tile.classList.toggle("lit", count > 0);
    set(tile.querySelector("b"), count ? `${brief(count).replace(" ", "\u202f")}×` : "–");
    set(tile.querySelector("p"), text);
    const button = tile.querySelector("button");
    set(button, first === null ? "not seen yet" : `first at ${clock(first)}`);
    button.disabled = first === null;
    button.dataset.at = first ?? "";
  });
}

/** Sets a text only when it changes, which spares screen readers and the layout. */
export function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
