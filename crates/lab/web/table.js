// The table and the announcements: the content of the cards and the timeline in words, for screen readers.

import { WORDS, clock, percent, sentence, sinceWords, why } from "./clock.js";
import { fleetLine, part, votes } from "./fleet.js";

const HEAD = ["instance", "state", "since", "window", "answers in the last second", "truth", "last change"];
// What there is to say of an instance in its fleet, while there is one.
const TOGETHER = ["in the fleet", "verdict that it hears", "so far in the fleet"];

/** Fills the table with the state at an instant. */
export function showTable(table, store, at) {
  const fleet = store.fleetAt(at);
  const head = fleet ? [...HEAD, ...TOGETHER] : HEAD;
  const rows = store.names.map((name, instance) => {
    const [calls, failures] = store.window(instance, at);
    const rate = (which) => Math.round(store.rate(instance, which, at));
    return [
      name,
      WORDS[store.state(instance, at)],
      sinceWords(store, instance, at),
      `${failures} of ${calls} failed`,
      `${rate(0)} ok, ${rate(1) + rate(3)} failed, ${rate(2)} rejected`,
      `${percent(store.truthAt(instance, at))} of calls would fail`,
      why(store, instance, at, "none yet"),
      ...(fleet ? together(fleet.standing(instance, at)) : []),
    ];
  });
  if (table.rows.length !== rows.length + 1 || table.rows[0].cells.length !== head.length) build(table, rows.length, head);
  const phase = store.phaseAt(at);
  const decided = store.fleet ? ` · ${fleetLine(store, at)}` : "";
  const caption = `At ${clock(at)}${phase ? `, fault phase “${phase.name}”` : ""}${decided}`;
  if (table.caption.textContent !== caption) table.caption.textContent = caption;
  rows.forEach((row, place) => {
    row.forEach((text, column) => {
      const cell = table.tBodies[0].rows[place].cells[column];
      if (cell.textContent !== text) cell.textContent = text;
    });
  });
}

/** Its part, the verdict and the votes that it hears, and what has happened to it. */
function together(standing) {
  if (standing === null) return [part(standing), "none", "nothing"];
  const hears = standing.fresh && standing.verdict !== null && standing.apart !== "left";
  const { counted } = standing;
  const times = Object.entries(counted).filter(([, count]) => count > 0).map(([name, count]) => `${count} ${COUNTED[name](count)}`);
  return [
    standing.order && standing.order !== "auto" ? `${part(standing)}; order: ${standing.order.replaceAll("_", " ")}` : part(standing),
    hears ? `${standing.verdict} in epoch ${standing.epoch}: ${votes(standing.votes)}` : "none",
    times.join(", ") || "nothing",
  ];
}

// The counts of an instance in its fleet, by their names there.
const COUNTED = {
  adoptions: (count) => (count === 1 ? "verdict followed" : "verdicts followed"),
  vetoes: (count) => (count === 1 ? "veto" : "vetoes"),
  fallbacks: (count) => (count === 1 ? "time on its own" : "times on its own"),
  succeeded: (count) => (count === 1 ? "probe succeeded" : "probes succeeded"),
  failed: (count) => (count === 1 ? "probe failed" : "probes failed"),
  void: (count) => (count === 1 ? "probe without a result" : "probes without a result"),
};

function build(table, rows, names) {
  table.replaceChildren(table.caption);
  const head = table.createTHead().insertRow();
  for (const name of names) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    head.append(cell);
  }
  const body = table.createTBody();
  for (let row = 0; row < rows; row++) {
    const line = body.insertRow();
    names.forEach((name, column) => {
      const cell = document.createElement(column ? "td" : "th");
      if (!column) cell.scope = "row";
      // On a phone each cell has a line of its own, with its name.
      cell.dataset.head = name;
      line.append(cell);
    });
  }
}

// New transitions are read out at most this often, because a flapping fleet would never let a screen reader finish.
const PAUSE = 5000;

/** Reads new transitions out politely: the last one, and how many more there were. */
export class Voice {
  /** `say` receives a text; nothing is announced while `isOn` is false. */
  constructor(say, isOn) {
    this.say = say;
    this.isOn = isOn;
    this.silentUntil = 0;
  }

  /** Resets the announcements for another run. */
  begin(store) {
    this.store = store;
    this.told = null;
  }

  /** Notes that the history is known: events in it are not announced, even those from while the tab was hidden. */
  known() {
    this.told = this.store.changes.length;
  }

  /** Announces what is new, if it is time. */
  hear(now) {
    const { store } = this;
    const known = store.changes.length;
    if (this.told === null || known === this.told || now < this.silentUntil) return;
    const more = known - this.told - 1;
    this.told = known;
    this.silentUntil = now + PAUSE;
    if (!this.isOn()) return;
    const change = store.change(known - 1);
    const text = sentence(change, store.names[change.instance], store.rulesAt(change.instance, change.at));
    this.say(more ? `${text}; ${more} more before` : text);
  }
}
