// The page: one store, one view, and everything that shows them.

import { clock, percent, sentence } from "./clock.js";
import { Controls } from "./controls.js";
import { Board, readInk } from "./draw.js";
import { fleetLine } from "./fleet.js";
import { listen as listenToKeys, rove } from "./keys.js";
import { drawLatency, drawShare, fastShare, latencyWords } from "./lines.js";
import { Log } from "./log.js";
import { Phenomena, set, showTiles } from "./phenomena.js";
import { listen as listenToPointer } from "./pointer.js";
import { drawScrub, listen as listenToScrub } from "./scrub.js";
import { drawStack } from "./stack.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";
import { Voice, showTable } from "./table.js";
import { ROWS, drawTimeline, nextChange, nextGroup } from "./timeline.js";
import { Topology } from "./topology.js";
import { View } from "./view.js";

const $ = (selector) => document.querySelector(selector);
const TEXT_EVERY = 250;
// Who wants less motion sees the charts go on by whole seconds.
const CALM_EVERY = 1000;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const view = new View(() => moved());
let store = null;
let phenomena = null;
let unfolded = null;
let layout = null;
let due = false;
let lastText = 0;
let lastDrawn = 0;
let drawn = false;
let status = "connecting";
let linked = view.read(location.hash);

readInk();
const boards = {};
for (const name of ["timeline", "outcomes", "share", "latency", "scrub"]) {
  boards[name] = new Board($(`#${name}`), () => {
    lastText = 0;
    wake();
  });
}
const topology = new Topology($("#topology"));
const log = new Log($("#log"), view);
const voice = new Voice((said) => set($("#said"), said), () => $("#voice").checked);
const controls = new Controls($("#controls"), $("#curl code"), () => store, (text, failed) => {
  set($("#order"), text);
  $("#order").classList.toggle("failed", failed);
});
const tiles = [...document.querySelectorAll(".tile")];

/** Draws at the next frame; hidden pages draw nothing. */
function wake() {
  if (due || document.hidden) return;
  due = true;
  requestAnimationFrame(draw);
}

function draw(now) {
  due = false;
  if (!store) return;
  if (calm.matches && view.live && lastText && now - lastDrawn < CALM_EVERY) return;
  lastDrawn = now;
  if (!drawn) {
    drawn = true;
    performance.mark("drawn");
  }
  const words = !view.live || now - lastText >= TEXT_EVERY;
  // The table has taken their place.
  if (!$("#charts").hidden) drawCharts(words);
  if (!words) return;
  lastText = now;
  text();
}

function drawCharts(whole) {
  const { timeline, outcomes, share, latency, scrub } = boards;
  layout = drawTimeline(timeline, store, view, unfolded);
  drawStack(outcomes, store, view);
  drawShare(share, store, view);
  drawLatency(latency, store, view);
  if (whole) drawScrub(scrub, store, view);
}

function text() {
  const at = view.at;
  topology.show(at);
  showTiles(tiles, phenomena, at);
  log.show(at);
  // It stays once there has been a fleet: its signs are on the rows then, and nothing jumps.
  controls.fleet(store.fleetAt(store.end) !== null);
  $("#fleet").hidden = !store.fleet;
  if (store.fleet) {
    set($("#fleet .line"), fleetLine(store, at));
    // A line that does not fit is read there, and in the table.
    $("#fleet .line").title = $("#fleet .line").textContent;
  }
  // Signs stand on the rows of instances only.
  $("#fleet").dataset.rows = layout?.rows.some((row) => row.heights) ? "groups" : "instances";
  if (!$("#table").hidden) showTable($("#table table"), store, at);
  set($("#clock"), clock(at));
  set($("#live"), view.live ? "Pause" : "Go live");
  const word = status === "live" ? (view.live ? `live, ${store.hello.hz}/s` : `paused at ${clock(at)}`) : status;
  set($("#status"), word);
  $("#status").dataset.status = status === "live" && !view.live ? "paused" : status;
  const second = Math.max(0, Math.floor(at) - 1);
  const fast = fastShare(store, second);
  set($("#share-now"), fast === null ? "no answers" : percent(fast));
  set($("#latency-now"), latencyWords(store, second));
}

function moved() {
  const hash = view.hash;
  if (hash !== location.hash) history.replaceState(null, "", hash || location.pathname);
  lastText = 0;
  wake();
}

/** Another run begins to be shown. */
function begin(run) {
  ({ store, phenomena } = run);
  const { hello } = store;
  unfolded = null;
  topology.begin(store);
  log.begin(store);
  voice.begin(store);
  controls.begin(store);
  const until = hello.until_s ? ` · ends at ${clock(hello.until_s, 0)}` : "";
  set($("#run"), `seed ${hello.seed} · ${Math.round(hello.rate)} calls/s · ${store.n} instances${until}`);
  $("#restarted").hidden = true;
}

/** What is known of a run. */
function known(hello) {
  const its = new Store(hello);
  return { store: its, phenomena: new Phenomena(its) };
}

// The run of a lab that was started again. The old one stays in view until the user has seen enough of it.
let waiting = null;

const stream = new Stream({
  end: () => (waiting?.store ?? store)?.end ?? 0,
  status(word) {
    status = word;
    if (store) text();
    else set($("#status"), word);
  },
  hello(hello) {
    if (!store) begin(known(hello));
    else if (store.run !== hello.run && waiting?.store.run !== hello.run) {
      waiting = known(hello);
      view.pause(view.at);
      $("#restarted").hidden = false;
    }
  },
  known() {
    if (!waiting) voice.known();
  },
  tick(tick) {
    if (waiting) {
      waiting.store.apply(tick);
      return;
    }
    store.apply(tick);
    if (tick.g) controls.list();
    if (tick.i && view.live) voice.hear(performance.now());
    view.reach(store.end);
    if (linked !== null && store.end >= linked) {
      const at = linked;
      linked = null;
      view.pause(at);
    }
    wake();
  },
});

$("#show-new").addEventListener("click", () => {
  begin(waiting);
  voice.known();
  waiting = null;
  view.end = 0;
  view.reach(store.end);
  view.resume();
});

/** Goes to a transition and says it. */
function step(direction) {
  const place = nextChange(store, view.at, direction);
  if (place < 0) return;
  const change = store.change(place);
  view.pause(change.at);
  set($("#said"), sentence(change, store.names[change.instance], store.rulesAt(change.instance, change.at)));
}

const dialog = $("#help");
const meanings = {
  toggle: () => view.toggle(),
  step,
  zoom: (factor) => view.zoom(factor),
  pan: (share) => view.pan(share),
  first: () => view.pause(0),
  live: () => view.resume(),
  phenomenon(place) {
    // The whole run counts, whatever instant is looked at.
    const first = phenomena?.at(store.end)[place].first ?? null;
    if (first !== null) view.pause(first);
  },
  table: () => toggleTable(),
  filter: () => $("#log input").focus(),
  help: () => dialog.showModal(),
  unfold() {
    if (!store || store.n <= ROWS) return;
    show(nextGroup(store, view.at, unfolded));
  },
};
// They work where time is shown, and where nothing has the focus, as when the page has just been opened.
for (const place of [$("#charts"), $("#table"), document.body]) listenToKeys(place, meanings, () => $("#keys").checked);
rove($("#log ol"));

/** The table takes the place of the charts, and their focus. */
function toggleTable() {
  const [table, charts] = [$("#table"), $("#charts")];
  table.hidden = !table.hidden;
  charts.hidden = !table.hidden;
  $("#show-table").setAttribute("aria-pressed", String(!table.hidden));
  if (store) text();
  // They had no size while they were hidden.
  for (const board of Object.values(boards)) board.fit();
  wake();
  (table.hidden ? charts : table).focus({ preventScroll: true });
}

$("#live").addEventListener("click", () => (view.live ? view.pause(view.end) : view.resume()));
$("#show-table").addEventListener("click", toggleTable);
$("#hide-table").addEventListener("click", toggleTable);
$("#before").addEventListener("click", () => step(-1));
$("#after").addEventListener("click", () => step(1));
$("#copy").addEventListener("click", async () => {
  // Over plain HTTP to another machine a browser has no clipboard for pages.
  const copied = await navigator.clipboard?.writeText($("#curl code").textContent).then(() => true, () => false);
  set($("#order"), copied ? "copied" : "the browser does not let the page copy: select the line");
});
$("#show-help").addEventListener("click", () => dialog.showModal());
$("#close-help").addEventListener("click", () => dialog.close());
for (const tile of tiles) {
  const button = tile.querySelector("button");
  button.addEventListener("click", () => view.pause(Number(button.dataset.at)));
}

listenToPointer([boards.timeline, boards.outcomes, boards.share, boards.latency], view, (board, y) => {
  const group = layout && store?.n > ROWS && board === boards.timeline;
  if (group) fold(y);
  return group || !store;
});

/** A click on the name of a group shows its instances, and again all groups. */
function fold(y) {
  const row = layout.rows[Math.floor((y - layout.top) / layout.room)];
  show(unfolded || !row?.of.length ? null : { ...row, at: view.at });
}

/** Shows the instances of a group as they were in it, or all groups. */
function show(group) {
  unfolded = group;
  const who = group ? group.of.map((instance) => store.names[instance]).join(", ") : "all groups";
  set($("#said"), group ? `${group.name} at ${clock(group.at)}: ${who}` : who);
  moved();
}

listenToScrub(boards.scrub, view, () => store);

addEventListener("hashchange", () => {
  const at = view.read(location.hash);
  if (at !== null) view.pause(at);
});
document.addEventListener("visibilitychange", () => wake());

// What the user chose is kept, where the browser keeps anything for this address.
const kept = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      // The choice holds until the page is closed.
    }
  },
};
for (const name of ["keys", "voice"]) {
  const box = $(`#${name}`);
  box.checked = kept.get(name) !== "off";
  box.addEventListener("change", () => kept.set(name, box.checked ? "on" : "off"));
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const shown = () => document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
function theme(name) {
  if (name === "dark" || name === "light") document.documentElement.dataset.theme = name;
  set($("#theme"), shown() === "dark" ? "Light" : "Dark");
  readInk();
  moved();
}
$("#theme").addEventListener("click", () => {
  const name = shown() === "dark" ? "light" : "dark";
  kept.set("theme", name);
  theme(name);
});
dark.addEventListener("change", () => theme());
theme(kept.get("theme"));

/** For tests and for the curious: what is known and what is looked at. */
globalThis.lab = { get store() { return store; }, view, get phenomena() { return phenomena; },
  get waiting() { return waiting?.store ?? null; }, get unfolded() { return unfolded; }, get layout() { return layout; }, stream };
