// The table: the same as the cards and the timeline, in words, for those who do not look at pictures.

import { WORDS, cause, clock, percent, span } from "./clock.js";

const HEAD = ["instance", "state", "since", "window", "answers in the last second", "truth", "last change"];

/** Fills the table with what is so at an instant. */
export function showTable(table, store, at) {
  const rows = store.names.map((name, instance) => {
    const change = store.lastChange(instance, at);
    const [calls, failures] = store.window(instance, at);
    const rate = (which) => Math.round(store.rate(instance, which, at));
    return [
      name,
      WORDS[store.state(instance, at)],
      change ? `${clock(change.at, 3)}, for ${span(Math.max(0, at - change.at))}` : "the start",
      `${failures} of ${calls} failed`,
      `${rate(0)} ok, ${rate(1) + rate(3)} failed, ${rate(2)} rejected`,
      `${percent(store.truthAt(instance, at))} of calls would fail`,
      change ? cause(change, store.rulesAt(instance, change.at)) : "none yet",
    ];
  });
  if (table.rows.length !== rows.length + 1) build(table, rows.length);
  rows.forEach((row, place) => {
    row.forEach((text, column) => {
      const cell = table.tBodies[0].rows[place].cells[column];
      if (cell.textContent !== text) cell.textContent = text;
    });
  });
}

function build(table, rows) {
  table.replaceChildren();
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
