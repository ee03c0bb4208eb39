// The moment: what was so at the instant that is looked at, in words, for each instance.

import { SHAPES, STATES, WORDS, clock, percent, sinceWords, why } from "./clock.js";

const HEAD = ["instance", "state", "since", "answers in that second", "truth", "why it is in this state"];
// Rows of a larger fleet do not help: the log has each change.
const ROWS = 64;

/** Fills the table with what was so at an instant. */
export function showMoment(table, store, at) {
  const rows = store.names.slice(0, ROWS).map((name, instance) => row(store, name, instance, at));
  if (table.rows.length !== rows.length + 1) build(table, rows.length);
  table.caption.textContent = at < store.end ? `At ${clock(at, 3)}` : `At ${clock(at, 3)}, the end`;
  rows.forEach(({ state, cells }, place) => {
    const line = table.tBodies[0].rows[place];
    line.dataset.state = STATES[state];
    cells.forEach((text, column) => {
      const cell = line.cells[column];
      if (cell.textContent !== text) cell.textContent = text;
    });
  });
}

function row(store, name, instance, at) {
  const state = store.state(instance, at);
  // An instant between two seconds belongs to the one that is over.
  const second = Math.max(0, Math.ceil(at) - 1);
  const count = (which) => Math.round(store.figure(second, instance, which));
  const answers = `${count(0)} ok, ${count(2)} rejected, ${count(1) + count(3)} failed`;
  return {
    state,
    cells: [
      name,
      `${SHAPES[state]} ${WORDS[state]}`,
      sinceWords(store, instance, at),
      store.together ? "not kept for each" : answers,
      `${percent(store.truthAt(instance, at))} of calls would fail`,
      why(store, instance, at, "since the start"),
    ],
  };
}

function build(table, rows) {
  table.replaceChildren();
  table.createCaption();
  const head = table.createTHead().insertRow();
  for (const name of HEAD) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    head.append(cell);
  }
  const body = table.createTBody();
  for (let row = 0; row < rows; row++) {
    const line = body.insertRow();
    HEAD.forEach((_, column) => {
      const cell = document.createElement(column ? "td" : "th");
      if (!column) cell.scope = "row";
      line.append(cell);
    });
  }
}
