// The topology: load, instances and downstream, with the flows between them, and why each breaker is in its state.

import {
  FORCED_OPEN, HALF_OPEN, OPEN, STATES, STOPPED, WORDS, percent, rejects, span, trusts, why,
} from "./clock.js";
import { part } from "./fleet.js";
import { set } from "./phenomena.js";
import { RARE, groups } from "./timeline.js";

const SVG = "http://www.w3.org/2000/svg";
// Up to so many instances have a card with all that there is to say.
const WHOLE = 4;

/** An element with a class, in a parent. */
function made(parent, tag, name, text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  parent.append(element);
  return element;
}

export class Topology {
  constructor(place) {
    this.place = place;
    this.flows = place.querySelector("svg");
    this.cards = place.querySelector(".cards");
    this.load = place.querySelector(".load");
    this.downstream = place.querySelector(".downstream");
    new ResizeObserver(() => this.join()).observe(place);
  }

  /** Makes the cards of another run. */
  begin(store) {
    this.store = store;
    this.rows = groups(store, 0);
    this.grouped = this.rows.length !== store.n || !this.rows.every((row) => row.of.length === 1);
    this.cards.replaceChildren();
    this.cards.classList.toggle("compact", this.rows.length > WHOLE);
    this.cards.classList.toggle("groups", this.grouped);
    this.made = this.rows.map((row) => this.card(row, store));
    this.flows.replaceChildren();
    this.paths = this.rows.map(() => [0, 1, 2, 3].map(() => this.flows.appendChild(document.createElementNS(SVG, "path"))));
    this.paths.forEach((paths) => ["in", "no", "ok", "bad"].forEach((name, place) => paths[place].setAttribute("class", name)));
    this.join();
  }

  card(row, store) {
    const card = made(this.cards, "article", "card");
    const head = made(card, "div", "head");
    made(head, "b", "name", row.name);
    made(head, "i", "shape").ariaHidden = "true";
    const state = made(head, "span", "state");
    const role = made(head, "span", "role");
    const wait = made(head, "span", "wait");
    const evidence = made(card, "div", "evidence");
    const bar = made(evidence, "div", "bar");
    const failed = made(bar, "div", "failed");
    const tick = made(bar, "div", "tick");
    const figures = made(evidence, "span", "figures");
    const reason = made(card, "div", "reason");
    const why = made(reason, "p", "why");
    const ballot = made(reason, "span", "ballot");
    tick.hidden = true;
    return { card, state, role, wait, failed, tick, figures, ballot, why };
  }

  /** Lays the flows between the boxes. */
  join() {
    if (!this.made) return;
    const all = this.place.getBoundingClientRect();
    const box = (element) => {
      const at = element.getBoundingClientRect();
      return { left: at.left - all.left, right: at.right - all.left, y: (at.top + at.bottom) / 2 - all.top };
    };
    const [load, downstream] = [box(this.load), box(this.downstream)];
    this.flows.setAttribute("viewBox", `0 0 ${all.width} ${all.height}`);
    this.made.forEach(({ card }, place) => {
      const at = box(card);
      const spread = (place - (this.made.length - 1) / 2) * Math.min(14, 60 / this.made.length);
      const curve = (from, fromY, to, toY) => {
        const middle = (from + to) / 2;
        return `M${from},${fromY} C${middle},${fromY} ${middle},${toY} ${to},${toY}`;
      };
      const [into, no, ok, bad] = this.paths[place];
      into.setAttribute("d", curve(load.right, load.y + spread, at.left, at.y - 5));
      no.setAttribute("d", curve(load.right, load.y + spread + 4, at.left, at.y + 7));
      ok.setAttribute("d", curve(at.right, at.y - 5, downstream.left, downstream.y + spread));
      bad.setAttribute("d", curve(at.right, at.y + 5, downstream.left, downstream.y + spread + 4));
    });
  }

  /** Shows one instant. */
  show(at) {
    const { store } = this;
    let [calls, reached] = [0, 0];
    if (this.grouped) this.rows = groups(store, at);
    this.rows.forEach((row, place) => {
      const there = row.of.filter((one) => store.runningAt(one, at));
      const rates = (of) => [0, 1, 2, 3].map((which) => of.reduce((sum, one) => sum + store.rate(one, which, at), 0));
      const asked = rates(row.of).reduce((sum, rate) => sum + rate, 0);
      // Calls of an instance that is stopped fail at its door.
      const [ok, failed, fast, timeouts] = rates(there);
      const answered = ok + failed + fast + timeouts;
      calls += asked;
      reached += ok + failed + timeouts;
      this.flow(place, [asked, fast + asked - answered, ok, failed + timeouts]);
      const made = this.made[place];
      if (this.grouped) this.showGroup(made, row, at);
      else this.showOne(made, row.of[0], at);
    });
    const asked = store.loadAt(at);
    set(this.load.querySelector("span"), asked.paused ? "paused" : `${Math.round(calls)} calls/s`);
    this.showDownstream(at, reached);
  }

  flow(place, rates) {
    this.paths[place].forEach((path, which) => {
      const width = rates[which] > 0 ? 1 + 3.2 * Math.log10(1 + rates[which]) : 0;
      path.setAttribute("stroke-width", width.toFixed(1));
      path.setAttribute("visibility", width ? "visible" : "hidden");
    });
  }

  showOne(made, instance, at) {
    const { store } = this;
    const state = store.state(instance, at);
    const change = store.lastChange(instance, at);
    const rules = store.rulesAt(instance, at);
    made.tick.hidden = rules.failure_ratio === null || state === STOPPED;
    made.tick.style.left = `${100 * (rules.failure_ratio ?? 1)}%`;
    made.card.dataset.state = STATES[state];
    set(made.state, WORDS[state]);
    set(made.wait, this.wait(state, change, at));
    if (store.fleetAt(at)) this.showFleet(made, instance, at);
    else hideFleet(made);
    const since = store.since(instance, at);
    const ago = since === null ? "" : `${span(Math.max(0, at - since))} ago: `;
    set(made.why, `${ago}${why(store, instance, at, "no transition yet")}`);
    if (state === STOPPED) {
      made.failed.style.width = "0%";
      set(made.figures, "not listening");
      return;
    }
    const [calls, failures, inARow] = store.window(instance, at);
    made.failed.style.width = `${calls ? (100 * failures) / calls : 0}%`;
    made.failed.parentElement.classList.toggle("few", calls < rules.minimum_calls);
    set(made.figures, evidence(calls, failures, inARow, rules, state));
  }

  wait(state, change, at) {
    if (state === HALF_OPEN) return "probing";
    if (state === FORCED_OPEN) return "until an operator changes it";
    if (state !== OPEN || change === null) return "";
    if (change.openFor === null) return this.store.fleetAt(at) ? "" : "until the fleet decides";
    const left = change.at + change.openFor - at;
    return left > 0 ? `probes in ${left.toFixed(1)} s` : "probes at the next call";
  }

  /** What an instance decides with others: its part, and the votes as it has heard them. */
  showFleet(made, instance, at) {
    const standing = this.store.fleet.standing(instance, at);
    set(made.role, part(standing));
    made.card.dataset.part = standing?.stage ?? standing?.apart ?? standing?.opinion ?? "joining";
    set(made.ballot, heard(standing, this.store.fleet.view(at)));
    // It is open no longer than until its turn: then it closes, as its fleet has.
    if (standing?.stage === "turn") set(made.wait, made.wait.textContent.replace(/^probes (in|at)/, "closes $1"));
    if (standing?.stage !== "held") return;
    const left = (standing.probeAt ?? at) - at;
    set(made.wait, left > 0 ? `fleet's probe in ${left.toFixed(1)} s` : "the fleet's next call probes");
  }

  /** Those that are in one state now: how many, who, and how many of them are wrong about the downstream. */
  showGroup(made, row, at) {
    const { store } = this;
    const most = this.rows.every((other) => other.of.length <= row.of.length);
    const wrong = row.of.filter((one) => {
      const state = store.state(one, at);
      const sick = store.truthAt(one, at) >= store.unhealthyAt;
      return (trusts(state) && sick) || (rejects(state) && !sick);
    });
    made.card.dataset.state = STATES[row.states[0]];
    made.card.hidden = row.name === RARE && row.of.length === 0;
    set(made.state, `${row.of.length} of ${store.n}`);
    set(made.wait, row.of.length && most ? "most agree" : "");
    made.failed.style.width = `${(100 * row.of.length) / store.n}%`;
    const names = row.of.slice(0, 4).map((one) => store.names[one]).join(", ");
    const others = row.of.length > 4 ? `${names}, …` : names;
    set(made.figures, wrong.length ? `${wrong.length} wrongly · ${others}` : others);
  }

  showDownstream(at, reached) {
    const { store } = this;
    const phase = store.phaseAt(at);
    const truths = store.names.map((_, instance) => store.truthAt(instance, at));
    const mean = truths.reduce((sum, p) => sum + p, 0) / store.n;
    this.downstream.dataset.sick = mean >= store.unhealthyAt ? "yes" : mean > 0 ? "partly" : "no";
    set(this.downstream.querySelector(".phase"), phase?.name ?? "no phase");
    set(this.downstream.querySelector(".truth"), `${percent(mean)} of calls fail`);
    set(this.downstream.querySelector(".reached"), `${Math.round(reached)}/s arrive`);
  }
}

/** Nothing of what instances decide together, where each decides alone. */
function hideFleet(made) {
  set(made.role, "");
  set(made.ballot, "");
  delete made.card.dataset.part;
}

/** What an instance has heard of the votes. The epoch is said where it is not that of the newest view, which the line of
 * the fleet has. */
function heard(standing, newest) {
  // What somebody who has left or lost the engine has heard last is not true any more.
  const deaf = !standing?.fresh || standing.apart === "left";
  if (deaf || standing.verdict === null) return "no verdict heard";
  const { suspects, voters } = standing.votes;
  const late = newest && standing.epoch !== newest.epoch ? ` in epoch ${standing.epoch}` : "";
  return `hears ${standing.verdict}${late}, ${suspects} of ${voters} suspect`;
}

/** What the window holds, beside what would trip. */
function evidence(calls, failures, inARow, rules, state) {
  if (rejects(state)) return "rejects every call";
  if (state === HALF_OPEN) return `${calls} probe${calls === 1 ? "" : "s"} ended, ${failures} failed`;
  const row = rules.consecutive_failures ? ` · ${inARow} in a row, trips at ${rules.consecutive_failures}` : "";
  const ratio = rules.failure_ratio;
  if (ratio === null) return `${failures} of ${calls} failed${row}`;
  if (calls < rules.minimum_calls) return `${failures} of ${calls} failed, judged from ${rules.minimum_calls}${row}`;
  return `${failures} of ${calls} failed, trips at ${Math.ceil(ratio * calls - 1e-9)}${row}`;
}
