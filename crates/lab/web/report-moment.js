// The moment: what was so at the instant that is looked at, in words, for each instance.

import { SHAPES, STATES, WORDS, clock, percent, sinceWords, span, why } from "./clock.js";
import { part } from "./fleet.js";

const HEAD = ["instance", "state", "since", "answers in that second", "truth", "why it is in this state"];
// Beside these where instances decide together, and where settings were changed.
const TOGETHER = ["vote", "in its fleet"];
const RULES = "trips at";
// Rows of a larger fleet do not help: the log has each change.
const ROWS = 64;

/** Fills the table with what was so at an instant. */
export function showMoment(table, store, at) {
  const rows = store.names.slice(0, ROWS).map((name, instance) => row(store, name, instance, at));
  const head = [...HEAD, ...(store.fleet ? TOGETHER : []), ...(isTuned(store) ? [RULES] : [])];
  const shown = [...(table.tHead?.rows[0].cells ?? [])].map((cell) => cell.textContent).join();
  if (table.rows.length !== rows.length + 1 || shown !== head.join()) build(table, rows.length, head);
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
      ...(store.fleet ? together(store, instance, at) : []),
      ...(isTuned(store) ? [trips(store.rulesAt(instance, at))] : []),
    ],
  };
}

/** How an instance voted, and what it did in its fleet. */
function together(store, instance, at) {
  const standing = store.fleet.standing(instance, at);
  if (!standing || at > store.known) return ["not kept", "not kept"];
  const verdict = standing.verdict ? `; heard: ${standing.verdict}, epoch ${standing.epoch}` : "";
  const engine = standing.up ? "" : "; no answer from the engine";
  return [standing.opinion, `${part(standing)}${verdict}${engine}`];
}

/** Whether the settings of any breaker were changed. */
function isTuned(store) {
  return store.settings.some((all) => all.length > 1);
}

/** The limits of a breaker: `5 failures in a row, 50 % of 20 calls; open for 1.5 s`. */
function trips(rules) {
  const window = rules.window_calls ? `${rules.window_calls} calls` : `the calls of ${span(rules.window_s ?? 0)}`;
  const limits = [
    rules.consecutive_failures ? `${rules.consecutive_failures} failures in a row` : "",
    rules.failure_ratio ? `${percent(rules.failure_ratio)} of ${window} failed` : "",
    rules.slow_ratio ? `${percent(rules.slow_ratio)} of ${window} slow` : "",
  ];
  return `${limits.filter(Boolean).join(", ")}; open for ${span(rules.open_for_s)}`;
}

function build(table, rows, columns) {
  table.replaceChildren();
  table.createCaption();
  const head = table.createTHead().insertRow();
  for (const name of columns) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    head.append(cell);
  }
  const body = table.createTBody();
  for (let row = 0; row < rows; row++) {
    const line = body.insertRow();
    columns.forEach((_, column) => {
      const cell = document.createElement(column ? "td" : "th");
      if (!column) cell.scope = "row";
      line.append(cell);
    });
  }
}
