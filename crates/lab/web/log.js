// The log of transitions, newest first, each with its cause and the figures of that moment.

import { SHAPES, STATES, clock, sentence } from "./clock.js";

// So many are in the page at once.
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
    this.list.replaceChildren();
    this.until = undefined;
    if (this.store && this.last !== undefined) this.show(this.last);
  }

  /** Shows those until an instant. While it only goes on, those that are new are added. */
  show(at) {
    const { store } = this;
    this.last = at;
    const until = last(store, at);
    if (until < this.newest) {
      this.newest = -1;
      this.list.replaceChildren();
    }
    const word = this.filter.value.trim().toLowerCase();
    const fresh = [];
    for (let place = until; place > this.newest && fresh.length < SHOWN; place--) {
      const item = this.item(store.change(place), word);
      if (item) fresh.push(item);
    }
    this.list.prepend(...fresh);
    while (this.list.children.length > SHOWN) this.list.lastChild.remove();
    this.newest = until;
    const text = store.missed ? `${until + 1} transitions, ${store.missed} missed` : `${until + 1} transitions`;
    if (this.count.textContent !== text) this.count.textContent = text;
  }

  item(change, word) {
    const name = this.store.names[change.instance];
    const text = sentence(change, name, this.store.rules[change.instance]);
    if (word && !text.toLowerCase().includes(word)) return null;
    const item = document.createElement("li");
    const button = document.createElement("button");
    // The list is one stop of the Tab key (keys.js).
    button.tabIndex = -1;
    button.dataset.at = change.at;
    button.dataset.number = change.number;
    button.dataset.state = STATES[change.to];
    const [shape, when, what] = ["i", "time", "span"].map((tag) => document.createElement(tag));
    shape.textContent = SHAPES[change.to];
    shape.ariaHidden = "true";
    when.textContent = clock(change.at);
    what.textContent = text.replace(` at ${clock(change.at, 3)}`, "");
    button.title = text;
    button.append(shape, when, what);
    item.append(button);
    return item;
  }
}

/** The place of the last transition until an instant; they come nearly in order. */
function last(store, at) {
  let place = store.changes.length - 1;
  if (place >= 0 && store.changes.at[place] <= at) return place;
  place = store.changes.until("at", at) - 1;
  return place;
}
