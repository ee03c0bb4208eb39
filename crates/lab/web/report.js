// The report: the page's own charts over a run that is over, from the data that lie in the file itself.
//
// Without scripts the file shows the same in words and as a still picture; what is here makes it move.

import { clock, percent, sentence } from "./clock.js";
import { Board, readInk } from "./draw.js";
import { fleetLine } from "./fleet.js";
import { listen as listenToKeys, rove } from "./keys.js";
import { drawLatency, drawShare, fastShare, latencyWords } from "./lines.js";
import { Log } from "./log.js";
import { listen as listenToPointer } from "./pointer.js";
import { showMoment } from "./report-moment.js";
import { drawScrub, listen as listenToScrub } from "./scrub.js";
import { drawStack } from "./stack.js";
import { Store } from "./store.js";
import { ROWS, drawTimeline, nextChange, nextGroup } from "./timeline.js";
import { View } from "./view.js";

const $ = (selector) => document.querySelector(selector);
const { runs } = JSON.parse($("#data").textContent);
const charts = $("#charts");
const view = new View(() => moved());
const boards = {};
let store = null;
let shown = -1;
let unfolded = null;
let layout = null;
let due = false;
let quiet = true;

document.documentElement.classList.add("drawn");
readInk();
for (const name of ["timeline", "outcomes", "share", "latency", "scrub"]) {
  boards[name] = new Board($(`#${name}`), () => wake());
}
const log = new Log($("#log"), view);
rove($("#log ol"));

/** Draws at the next frame. */
function wake() {
  if (due) return;
  due = true;
  requestAnimationFrame(draw);
}

function draw() {
  due = false;
  if (!store) return;
  layout = drawTimeline(boards.timeline, store, view, unfolded);
  drawStack(boards.outcomes, store, view);
  drawShare(boards.share, store, view);
  drawLatency(boards.latency, store, view);
  drawScrub(boards.scrub, store, view);
  text();
}

function text() {
  const at = view.at;
  $("#clock").textContent = view.live ? `${clock(0)} to ${clock(view.end)}` : clock(at, 3);
  $("#whole").disabled = view.live && view.span >= view.end;
  const second = Math.max(0, Math.ceil(at) - 1);
  const fast = fastShare(store, second);
  $("#share-now").textContent = view.live ? "" : fast === null ? "no answers" : percent(fast);
  $("#latency-now").textContent = view.live ? "" : latencyWords(store, second);
  const line = store.views < at ? "fleet: not kept" : fleetLine(store, at);
  $("#fleet .line").textContent = line;
  showMoment($("#moment"), store, at);
  log.show(at);
}

/** What is looked at, as a link: the run where there are several, the instant, and the span if it is not the whole. */
function link() {
  if (view.live) return runs.length > 1 ? `#run=${runs[shown].number}` : "";
  const run = runs.length > 1 ? `run=${runs[shown].number}&` : "";
  const span = view.span === view.end ? "" : `&span=${Number(view.span.toPrecision(4))}`;
  return `#${run}t=${Number(view.at.toFixed(6))}${span}`;
}

function moved() {
  if (quiet || !store) return;
  const hash = link();
  if (hash !== location.hash) history.replaceState(null, "", hash || location.pathname + location.search);
  wake();
}

/** Shows one run: its part of the report, and the charts within it, unless its history is not in the file. */
function show(place) {
  if (place === shown) return;
  shown = place;
  const run = runs[place];
  for (const part of document.querySelectorAll(".run")) part.hidden = part.id !== `run-${run.number}`;
  $(`#run-${run.number} .still`).after(charts);
  charts.hidden = !run.history;
  if ($("#choose")) $("#choose").value = String(place);
  store = null;
  if (!run.history) return;
  store = new Store(run.hello);
  store.least = 0;
  store.together = run.together;
  // Until when the result has votes, and verdicts.
  store.known = run.known?.standings ?? Infinity;
  store.views = run.known?.views ?? Infinity;
  store.apply({ ...run.history, ...run.beside });
  store.end = Math.max(store.end, run.duration);
  unfolded = null;
  const rows = store.n <= ROWS ? store.n : 8;
  const lane = store.fleet ? 14 : 0;
  boards.timeline.canvas.style.height = `${66 + lane + rows * (rows > 4 ? 32 : 40)}px`;
  $("#fleet").hidden = !store.fleet;
  // They were hidden, and had no size.
  for (const board of Object.values(boards)) board.fit();
  log.begin(store);
  whole();
}

/** The whole run, and no instant in particular. */
function whole() {
  if (!store) return;
  view.span = Math.max(store.end, 0.1);
  view.end = 0;
  view.reach(store.end);
  view.resume();
}

/** Goes to what a link says: `#run=2&t=65.3&span=20`. */
function go(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const number = parts.get("run") ?? /^#run-(\d+)$/.exec(hash)?.[1];
  const asked = runs.findIndex((run) => String(run.number) === number);
  show(asked < 0 ? Math.max(0, shown) : asked);
  const at = view.read(hash);
  if (at !== null && store) view.pause(at);
  return at !== null;
}

function step(direction) {
  if (!store) return;
  const place = nextChange(store, view.at, direction);
  if (place < 0) return;
  const change = store.change(place);
  view.pause(change.at);
  $("#said").textContent = sentence(change, store.names[change.instance], store.rulesAt(change.instance, change.at));
}

/** A click on the name of a group shows its instances, and again all groups. */
function fold(y) {
  const row = layout.rows[Math.floor((y - layout.top) / layout.room)];
  unfolded = unfolded || !row?.of.length ? null : { ...row, at: view.at };
  wake();
}

function unfold() {
  if (store.n <= ROWS) return;
  unfolded = nextGroup(store, view.at, unfolded);
  wake();
}

const nothing = () => {};
listenToKeys(charts, {
  toggle: () => (view.live ? view.pause(0) : whole()),
  step,
  zoom: (factor) => view.zoom(factor),
  pan: (share) => view.pan(share),
  first: () => view.pause(0),
  live: whole,
  filter: () => $("#log input").focus(),
  unfold,
  phenomenon: nothing,
  table: nothing,
  help: nothing,
}, () => true);
listenToPointer([boards.timeline, boards.outcomes, boards.share, boards.latency], view, (board, y) => {
  const group = layout && store.n > ROWS && board === boards.timeline;
  if (group) fold(y);
  return group;
});
listenToScrub(boards.scrub, view, () => store);
$("#whole").addEventListener("click", whole);
$("#before").addEventListener("click", () => step(-1));
$("#after").addEventListener("click", () => step(1));
$("#choose")?.addEventListener("change", (event) => show(Number(event.target.value)));
document.addEventListener("click", (event) => {
  const to = event.target.closest?.("a[href^='#']");
  if (!to) return;
  event.preventDefault();
  if (go(to.hash)) charts.scrollIntoView({ block: "nearest" });
  else $(`#run-${runs[shown].number}`).scrollIntoView();
});
addEventListener("hashchange", () => go(location.hash));

const dark = matchMedia("(prefers-color-scheme: dark)");
function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  readInk();
}
dark.addEventListener("change", () => {
  theme();
  wake();
});
// Paper is white.
addEventListener("beforeprint", () => {
  theme("light");
  draw();
});
addEventListener("afterprint", () => {
  theme();
  wake();
});

if (runs.length) {
  if ($(".chooser")) $(".chooser").hidden = false;
  go(location.hash);
  quiet = false;
  wake();
}

/** For tests and for the curious: what is known and what is looked at. */
globalThis.lab = { get store() { return store; }, view, runs };
