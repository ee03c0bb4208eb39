// The store: everything that is known of one run, with each transition exact, counts by the second, and windows by
// the tick.

import { Columns, until } from "./columns.js";
import { KIND, STATES, STOPPED, kindOf } from "./clock.js";
import { Decisions } from "./fleet.js";
import { Marks } from "./marks.js";

// Seconds that are kept, and ticks whose windows are.
const SECONDS = 3600;
const TICKS = 3000;
// Transitions that are kept, and how many give way at once. Truths and marks are bounded likewise.
const CHANGES = 400_000;
const OLDEST = 100_000;
const MARKS = 10_000;
// Of a stretch that no transition began.
const NO_CHANGE = 0xffffffff;
// Phases with such names are healthy ones; the dashboards of Grafana take the same.
const HEALTHY = /^(healthy|steady|well|before|after|calm|settling|warm)/;

export class Store {
  constructor(hello) {
    this.hello = hello;
    this.run = hello.run;
    this.names = hello.instances.map((one) => one.name);
    this.rules = hello.instances.map((one) => one.breaker);
    this.unhealthyAt = hello.unhealthy_at;
    this.n = this.names.length;
    this.end = 0;
    this.missed = 0;
    this.causes = [];
    this.changes = new Columns({
      number: Uint32Array, instance: Uint16Array, at: Float64Array, from: Uint8Array, to: Uint8Array,
      cause: Uint8Array, calls: Uint32Array, failures: Uint32Array, slow: Uint32Array, inARow: Uint32Array,
      openFor: Float32Array,
    }, 1024);
    this.began = hello.instances.map((one) => STATES.indexOf(one.began));
    // `kind` is what it looks like: open is told from open on the fleet's word.
    this.states = this.names.map(
      () => new Columns({ at: Float64Array, state: Uint8Array, kind: Uint8Array, change: Uint32Array }),
    );
    // How many of the first rows of the journal have given way.
    this.dropped = 0;
    this.fleet = null;
    this.decisions = new Decisions();
    // What the log lists, in the order in which it came: a transition, a note of the fleet, or the number of a mark; the
    // others are -1.
    this.journal = new Columns({ at: Float64Array, change: Int32Array, note: Int32Array, mark: Int32Array }, 1024);
    if (hello.coordination) this.decisions.take([0, hello.coordination.mode, hello.coordination.engine], this);
    this.truths = this.names.map(() => new Columns({ at: Float64Array, p: Float32Array }, 64));
    this.phases = [];
    this.orders = new Marks();
    // What was set when: rules and settings of each breaker, and the load. The state under which an instance is stopped.
    this.settings = hello.instances.map(() => []);
    this.loads = [];
    this.under = this.names.map(() => -1);
    this.firstSecond = 0;
    this.lastSecond = -1;
    // For each second and instance: ok, failed, fast failures, timeouts; the window's calls and failures; p50, p99; failures in a row.
    // One more row holds the sums, and of the response times the middle p50 and the slowest p99.
    this.width = 9;
    this.rows = this.n + 1;
    this.seconds = new Float32Array(64 * this.rows * this.width);
    this.ticks = { at: [], windows: [] };
    this.listeners = [];
  }

  /** Takes one tick, or a stretch of history that has the same parts. */
  apply(tick) {
    for (const row of tick.ticks ?? []) this.count(row, "whole second");
    if (tick.i) this.count(tick);
    for (const row of tick.p ?? []) this.truth(row);
    for (const row of tick.f ?? []) this.phase(row);
    for (const row of tick.l ?? []) this.latency(row);
    this.decisions.follow(tick, this);
    for (const row of tick.s ?? []) this.set(row);
    for (const row of tick.r ?? []) this.ask(row);
    this.happenings(tick.x ?? [], tick.e ?? [], tick.o ?? [], tick.m ?? []);
  }

  /** Transitions, notes of the fleet, and instances that are stopped or started, as they followed each other. */
  happenings(changes, notes, turns, marks) {
    let [note, turn, mark] = [0, 0, 0];
    const before = (at) => {
      while (mark < marks.length && marks[mark][0] < at) this.mark(marks[mark++]);
      while (note < notes.length && notes[note][1] < at) this.noted(notes[note++]);
      while (turn < turns.length && turns[turn][0] < at) this.turn(turns[turn++]);
    };
    for (const row of changes) {
      before(row[2]);
      this.transition(row);
    }
    before(Infinity);
  }

  noted(row) {
    const place = this.fleet?.note(row) ?? -1;
    if (place >= 0) this.journal.push(row[1], -1, place, -1);
  }

  /** A breaker works by other settings. */
  set([at, instance, rules, settings]) {
    const all = this.settings[instance];
    if (all.length && at <= all.at(-1).at) return;
    all.push({ at, rules, settings });
    this.rules[instance] = rules;
  }

  /** Something else is asked of the load. */
  ask([at, rate, paused]) {
    if (!this.loads.length || at > this.loads.at(-1).at) this.loads.push({ at, rate, paused });
  }

  /** An instance is stopped, or started. */
  turn([at, instance, running]) {
    const states = this.states[instance];
    if (running === this.under[instance] < 0 || (states.length && at < states.at[states.length - 1])) return;
    const entered = running ? this.under[instance] : STOPPED;
    this.under[instance] = running ? -1 : this.state(instance, Infinity);
    states.push(at, entered, KIND[entered], NO_CHANGE);
    this.end = Math.max(this.end, at);
    for (const listener of this.listeners) listener.turned?.(instance, at, entered);
  }

  transition(row) {
    const [number, instance, at, from, to, cause, , calls, failures, slow, inARow, openFor] = row;
    const last = this.changes.length ? this.changes.number[this.changes.length - 1] : 0;
    if (number <= last) return;
    this.missed += number - last - 1;
    let code = this.causes.indexOf(cause);
    if (code < 0) code = this.causes.push(cause) - 1;
    const entered = STATES.indexOf(to);
    if (this.changes.length >= CHANGES) this.forget(OLDEST);
    const change = this.changes.push(
      number, instance, at, STATES.indexOf(from), entered, code, calls, failures, slow, inARow, openFor ?? -1,
    );
    if (this.under[instance] >= 0) this.under[instance] = entered;
    else this.states[instance].push(at, entered, kindOf(entered, cause), change);
    this.journal.push(at, change, -1, -1);
    this.end = Math.max(this.end, at);
    for (const listener of this.listeners) listener.changed(change);
  }

  /** Lets the oldest transitions give way; what came of them is where each instance begins now. */
  forget(count) {
    this.changes.drop(count);
    const oldest = this.changes.length ? this.changes.at[0] : Infinity;
    this.states.forEach((states, instance) => {
      const old = (place) => (states.change[place] === NO_CHANGE ? states.at[place] < oldest : states.change[place] < count);
      let gone = 0;
      while (gone < states.length && old(gone)) gone++;
      if (gone) this.began[instance] = states.state[gone - 1];
      states.drop(gone);
      for (let place = 0; place < states.length; place++) {
        if (states.change[place] !== NO_CHANGE) states.change[place] -= count;
      }
    });
    const { journal } = this;
    let gone = 0;
    while (gone < journal.length && journal.change[gone] < count) gone++;
    journal.drop(gone);
    this.dropped += gone;
    for (let place = 0; place < journal.length; place++) if (journal.change[place] >= 0) journal.change[place] -= count;
  }

  forgetNotes(count) {
    const { journal } = this;
    for (let place = 0; place < journal.length; place++) {
      if (journal.note[place] >= 0) journal.note[place] = Math.max(-1, journal.note[place] - count);
    }
    let gone = 0;
    const empty = (place) => [journal.change, journal.note, journal.mark].every((column) => column[place] < 0);
    while (gone < journal.length && empty(gone)) gone++;
    journal.drop(gone);
    this.dropped += gone;
  }

  truth([at, p, of]) {
    for (const instance of of ?? this.names.keys()) {
      const truth = this.truths[instance];
      const last = truth.length - 1;
      // Of two steps at one instant the later holds. What is older is known.
      if (last >= 0 && truth.at[last] > at) continue;
      if (last >= 0 && truth.at[last] === at) truth.p[last] = p;
      else {
        if (truth.length >= CHANGES / this.n) truth.drop(truth.length >> 1);
        truth.push(at, p);
      }
    }
  }

  mark(row) {
    const number = this.orders.add(row);
    if (number >= 0) this.journal.push(row[0], -1, -1, number);
  }

  /** The marks of orders by time. */
  get marks() {
    return this.orders.list;
  }

  phase([at, name]) {
    const last = this.phases.at(-1);
    if (last && at <= last.at) return;
    this.phases.push({ at, name, healthy: HEALTHY.test(name) });
    if (this.phases.length > MARKS) this.phases.splice(0, MARKS / 2);
  }

  latency([second, quantiles]) {
    const base = this.place(second);
    if (base < 0) return;
    quantiles.forEach(([p50, p99], instance) => {
      this.seconds[base + instance * this.width + 6] = p50;
      this.seconds[base + instance * this.width + 7] = p99;
    });
    const answered = (which) => {
      const of = quantiles.map((pair) => pair[which]).filter((ms) => ms !== 0);
      return of.map((ms) => (ms < 0 ? Infinity : ms)).sort((one, other) => one - other);
    };
    const [middle, slowest] = [answered(0), answered(1)];
    const all = base + this.n * this.width;
    this.seconds[all + 6] = middle[middle.length >> 1] ?? 0;
    this.seconds[all + 7] = slowest.at(-1) ?? 0;
  }

  count({ t, i }, whole) {
    const base = this.place(Math.floor(t));
    if (whole && base >= 0) {
      // It may be known in part.
      for (let at = base; at < base + this.rows * this.width; at += this.width) this.seconds.fill(0, at, at + 4);
    }
    this.end = Math.max(this.end, t);
    const windows = new Uint32Array(3 * this.n);
    const all = base + this.n * this.width;
    i.forEach(([ok, failed, fast, timeouts, calls, failures, inARow], instance) => {
      const at = base + instance * this.width;
      windows.set([calls, failures, inARow], 3 * instance);
      if (base < 0) return;
      this.seconds[at] += ok;
      this.seconds[at + 1] += failed;
      this.seconds[at + 2] += fast;
      this.seconds[at + 3] += timeouts;
      this.seconds[at + 4] = calls;
      this.seconds[at + 5] = failures;
      this.seconds[at + 8] = inARow;
      this.seconds[all] += ok;
      this.seconds[all + 1] += failed;
      this.seconds[all + 2] += fast;
      this.seconds[all + 3] += timeouts;
    });
    if (t > (this.ticks.at.at(-1) ?? -1)) {
      this.ticks.at.push(t);
      this.ticks.windows.push(windows);
    }
    if (this.ticks.at.length > 2 * TICKS) {
      this.ticks.at.splice(0, TICKS);
      this.ticks.windows.splice(0, TICKS);
    }
    for (const listener of this.listeners) listener.counted(t);
  }

  /** Where the figures of a second begin; below 0 for one that is not kept any more. */
  place(second) {
    if (this.lastSecond < 0) this.firstSecond = second;
    if (second < this.firstSecond) return -1;
    this.lastSecond = Math.max(this.lastSecond, second);
    const row = this.rows * this.width;
    if (this.lastSecond - this.firstSecond >= 2 * SECONDS) {
      this.seconds.copyWithin(0, SECONDS * row);
      this.seconds.fill(0, SECONDS * row);
      this.firstSecond += SECONDS;
    }
    const base = (second - this.firstSecond) * row;
    if (base + row > this.seconds.length) {
      const more = new Float32Array(Math.min(2 * SECONDS * row, 2 * this.seconds.length));
      more.set(this.seconds);
      this.seconds = more;
    }
    return base;
  }

  /** One figure of one instance in one second: 0 ok, 1 failed, 2 fast, 3 timeouts, 4 calls, 5 failures, 6 p50, 7 p99,
   * 8 failures in a row. */
  figure(second, instance, which) {
    if (second < this.firstSecond || second > this.lastSecond) return 0;
    return this.seconds[((second - this.firstSecond) * this.rows + instance) * this.width + which];
  }

  /** A figure of all instances together: 0 to 3 are sums, 6 is the middle p50 and 7 the slowest p99. */
  sum(second, which) {
    return this.figure(second, this.n, which);
  }

  state(instance, at) {
    const states = this.states[instance];
    const place = states.until("at", at);
    return place ? states.state[place - 1] : this.began[instance];
  }

  /** The change that led to the state at `at`; none of the first state, or after a stop or a start. */
  lastChange(instance, at) {
    const states = this.states[instance];
    const place = states.until("at", at) - 1;
    return place < 0 || states.change[place] === NO_CHANGE ? null : this.change(states.change[place]);
  }

  /** Since when an instance is in its state at `at`, whatever led to it; null since the start. */
  since(instance, at) {
    const states = this.states[instance];
    const place = states.until("at", at);
    return place ? states.at[place - 1] : null;
  }

  /** The rules of a breaker at an instant. */
  rulesAt(instance, at) {
    return this.setAt(instance, at)?.rules ?? this.rules[instance];
  }

  /** All settings of a breaker at an instant, as they are written. */
  settingsAt(instance, at) {
    return this.setAt(instance, at)?.settings ?? this.hello.instances[instance].settings;
  }

  setAt(instance, at) {
    const all = this.settings[instance];
    return all[Math.max(0, until(all, at, (it) => it.at) - 1)];
  }

  /** What was asked of the load at an instant. */
  loadAt(at) {
    const place = until(this.loads, at, (it) => it.at);
    return this.loads[Math.max(0, place - 1)] ?? this.hello.load ?? { rate: this.hello.rate, paused: false };
  }

  /** The fleet that the instances were at an instant; null where each decided alone. */
  fleetAt(at) {
    return this.decisions.at(at) && this.fleet;
  }

  runningAt(instance, at) {
    return this.state(instance, at) !== STOPPED;
  }

  /** One transition, with names. */
  change(place) {
    const { changes } = this;
    const openFor = changes.openFor[place];
    return {
      place,
      number: changes.number[place],
      instance: changes.instance[place],
      at: changes.at[place],
      from: changes.from[place],
      to: changes.to[place],
      cause: this.causes[changes.cause[place]],
      calls: changes.calls[place],
      failures: changes.failures[place],
      slow: changes.slow[place],
      inARow: changes.inARow[place],
      openFor: openFor < 0 ? null : openFor,
    };
  }

  truthAt(instance, at) {
    const truth = this.truths[instance];
    const place = truth.until("at", at);
    return place ? truth.p[place - 1] : 0;
  }

  phaseAt(at) {
    const place = until(this.phases, at, (phase) => phase.at);
    return place ? this.phases[place - 1] : null;
  }

  /** Calls and failures in the window of one instance, and its failures in a row. */
  window(instance, at) {
    const place = until(this.ticks.at, at) - 1;
    if (place >= 0) {
      const windows = this.ticks.windows[place];
      return windows.subarray(3 * instance, 3 * instance + 3);
    }
    const second = Math.floor(at);
    return [4, 5, 8].map((which) => this.figure(second, instance, which));
  }

  /** Answers per second around `at`: of the last whole second. */
  rate(instance, which, at) {
    const second = Math.max(0, Math.floor(at) - 1);
    return this.figure(second, instance, which);
  }
}
