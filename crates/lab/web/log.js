// The log, newest first: transitions, each with its cause and the figures of that moment, what the fleet decided, and
// orders.

import { SHAPES, STATES, clock, sentence } from "./clock.js";
import { noteWords } from "./fleet.js";

// How many lines are in the page at once.
const SHOWN = 100;

export class Log {
  constructor(place, view) {
    this.list = place.querySelector("ol");
    this.filter = place.querySelector("input");
    this.count = place.querySelector(".count");
    this.filter.addEventListener("input", () => this.redo());
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) view.pause(Number(button.dataset.at));
    });
    this.begin(null);
  }

  begin(store) {
    this.store = store;
    this.redo();
  }

  redo() {
    this.newest = -1;
    this.dropped = this.store?.dropped ?? 0;
    this.list.replaceChildren();
    if (this.store && this.last !== undefined) this.show(this.last);
  }

  /** Shows the lines up to an instant. While time only goes forward, new lines are added. */
  show(at) {
    const { store } = this;
    this.last = at;
    const until = last(store.journal, at);
    if (until < this.newest || this.dropped !== store.dropped) {
      this.newest = -1;
      this.dropped = store.dropped;
      this.list.replaceChildren();
    }
    const word = this.filter.value.trim().toLowerCase();
    const fresh = [];
    for (let place = until; place > this.newest && fresh.length < SHOWN; place--) {
      const item = this.item(place, word);
      if (item) fresh.push(item);
    }
    this.list.prepend(...fresh);
    while (this.list.children.length > SHOWN) this.list.lastChild.remove();
    this.newest = until;
    const changes = last(store.changes, at);
    // They are numbered from 1 in the order in which they came.
    const known = changes < 0 ? 0 : store.changes.number[changes] - store.missed;
    const counted = `${known} transition${known === 1 ? "" : "s"}`;
    const text = store.missed ? `${counted}, ${store.missed} missed` : counted;
    if (this.count.textContent !== text) this.count.textContent = text;
  }

  item(place, word) {
    const { store } = this;
    const { change, note, mark } = store.journal;
    if (change[place] >= 0) {
      const it = store.change(change[place]);
      const text = sentence(it, store.names[it.instance], store.rulesAt(it.instance, it.at));
      return made(it.at, text, word, SHAPES[it.to], { number: it.number, state: STATES[it.to] });
    }
    if (mark[place] >= 0) {
      const it = store.orders.get(mark[place]);
      return it ? made(it.at, markWords(it), word, "┊", { mark: it.number, kind: it.kind }) : null;
    }
    if (note[place] < 0) return null;
    const it = store.fleet.noteAt(note[place]);
    const words = noteWords(it);
    if (words === null) return null;
    return made(it.at, `${store.names[it.instance]} ${words}`, word, "◇", { note: it.number, kind: it.kind });
  }
}

/** What a mark says: the orders of somebody, or that the time of a fault plan is over. */
function markWords({ kind, text }) {
  return kind === "over" ? text : `order: ${text}`;
}

/** A line of the log; `null` if it does not contain the filter word. */
function made(at, text, word, sign, data) {
  if (word && !text.toLowerCase().includes(word)) return null;
  const item = document.createElement("li");
  const button = document.createElement("button");
  // The list is one stop of the Tab key (keys.js).
  button.tabIndex = -1;
  Object.assign(button.dataset, { at, ...data });
  const [shape, when, what] = ["i", "time", "span"].map((tag) => document.createElement(tag));
  shape.textContent = sign;
  shape.ariaHidden = "true";
  when.textContent = clock(at);
  what.textContent = text.replace(` at ${clock(at, 3)}`, "");
  button.title = text;
  button.append(shape, when, what);
  item.append(button);
  return item;
}

/** The place of the last row up to an instant; rows come nearly in order. */
function last(rows, at) {
  const place = rows.length - 1;
  return place >= 0 && rows.at[place] <= at ? place : rows.until("at", at) - 1;
}
