// The timeline of states: each transition where it was, and the truth under each row.
//
// A pixel in which several states were shows the share of time of each: heights, not an overlay, so that five
// milliseconds in an hour look like five milliseconds.

import { BY_FLEET, FORCED_OPEN, HALF_OPEN, KIND, KINDS, OPEN, STOPPED, WORDS, trusts } from "./clock.js";
import { Axis, drawMarks, drawName, drawPhases, drawTime, fill, ink } from "./draw.js";
import { drawEngine, drawSigns, drawVotes } from "./signs.js";

const TOP = 17;
const BOTTOM = 18;
const AGREEMENT = 26;
const ENGINE = 14;
// Up to so many instances have a row each; more of them form groups.
export const ROWS = 12;
// By kind.
const HEIGHTS = [0.28, 1, 0.6, 1, 0.28, 0.28, 1];
// Where there is no room for heights.
const STRIP = [0, 1, 1, 1, 0, 0, 1];
/** The share of instances that say no. */
export const SAY_NO = [0, 1, 1, 1, 0, 0, 1];

// The group that is left out where nobody is in it.
export const RARE = "not in force";
// The groups of a large fleet: by state, what is trouble first. Each is one band that says how many are so.
const GROUPS = [
  { name: "open", states: [1, 3], heights: [0, 1, 0, 1, 0, 0, 1] },
  { name: "half-open", states: [2], heights: [0, 0, 1, 0, 0, 0, 0] },
  { name: "closed", states: [0], heights: [1, 0, 0, 0, 0, 0, 0] },
  { name: RARE, states: [4, 5, STOPPED], heights: [0, 0, 0, 0, 1, 1, 0] },
];

/** The groups of a fleet at an instant: an instance each, or, of many, those that are in the same state. */
export function groups(store, at) {
  if (store.n <= ROWS) return store.names.map((name, instance) => ({ name, of: [instance] }));
  const all = GROUPS.map((group) => ({ ...group, of: [] }));
  store.names.forEach((_, instance) => {
    const state = store.state(instance, at);
    all.find((group) => group.states.includes(state)).of.push(instance);
  });
  return all;
}

/** The group after `unfolded` that has instances at an instant, as it is then; none after the last one. */
export function nextGroup(store, at, unfolded) {
  const all = groups(store, at);
  const first = unfolded ? all.findIndex((group) => group.name === unfolded.name) + 1 : 0;
  const next = all.slice(first).find((group) => group.of.length);
  return next ? { ...next, at } : null;
}

/** Adds to each pixel for how long of it each kind of state was, in pixels. */
export function addShares(shares, store, instance, axis, weight = 1) {
  const states = store.states[instance];
  const width = shares.length / KINDS;
  const end = Math.min(axis.to, store.end);
  let place = states.until("at", axis.from);
  let kind = place ? states.kind[place - 1] : KIND[store.began[instance]];
  let from = Math.max(axis.from, 0);
  while (from < end) {
    const until = place < states.length ? Math.min(states.at[place], end) : end;
    const scale = width / (axis.to - axis.from);
    add(shares, kind, (from - axis.from) * scale, (until - axis.from) * scale, weight);
    if (place >= states.length) break;
    kind = states.kind[place];
    from = Math.max(until, axis.from);
    place += 1;
  }
}

function add(shares, kind, from, until, weight) {
  // Who is stopped has no state: the row is empty there.
  if (kind >= KINDS) return;
  const width = shares.length / KINDS;
  const first = Math.floor(from);
  const last = Math.min(Math.floor(until), width - 1);
  if (first > last || until <= from) return;
  if (first === last) {
    shares[first * KINDS + kind] += weight * (until - from);
    return;
  }
  shares[first * KINDS + kind] += weight * (first + 1 - from);
  for (let pixel = first + 1; pixel < last; pixel++) shares[pixel * KINDS + kind] += weight;
  shares[last * KINDS + kind] += weight * Math.min(1, until - last);
}

/** Draws what `addShares` gave, between `top` and `top + height`. Equal neighbours are one block. */
export function drawShares(context, shares, left, top, height, heights = HEIGHTS) {
  const width = shares.length / KINDS;
  // A pixel of the screen is one of the shares.
  const pixel = 1 / devicePixelRatio;
  const order = [3, BY_FLEET, 1, 2, 0, 5, 4];
  let from = 0;
  for (let to = 1; to <= width; to++) {
    if (to < width && alike(shares, from, to)) continue;
    let bottom = top + height;
    for (const kind of order) {
      const share = shares[from * KINDS + kind];
      if (share < 0.0005) continue;
      const high = height * share * heights[kind];
      context.fillStyle = style(context, kind);
      context.fillRect(left + from * pixel, bottom - high, (to - from) * pixel, high);
      bottom -= high;
    }
    from = to;
  }
}

function alike(shares, one, other) {
  for (let kind = 0; kind < KINDS; kind++) {
    if (Math.abs(shares[one * KINDS + kind] - shares[other * KINDS + kind]) > 0.001) return false;
  }
  return true;
}

function style(context, kind) {
  if (kind === 0) return ink.closed;
  if (kind === 4) return ink.off;
  return fill(context, ["", "open", "half", "forced", "", "metrics", "fleet"][kind]);
}

/** Words in stretches that have room for them. What goes on as it was is one stretch. */
function drawWords(context, store, instance, axis, top, height) {
  const states = store.states[instance];
  const end = Math.min(axis.to, store.end);
  // Of the stretch that the row before `place` begins.
  const state = (place) => (place ? states.state[place - 1] : store.began[instance]);
  const word = (place) => (place && states.kind[place - 1] === BY_FLEET ? "open by the fleet" : WORDS[state(place)]);
  let place = states.until("at", axis.from);
  let from = Math.max(0, axis.from);
  context.textAlign = "left";
  while (from < end) {
    const [text, shown] = [word(place), state(place)];
    do place += 1; while (place <= states.length && word(place) === text);
    const until = place <= states.length ? Math.min(states.at[place - 1], end) : end;
    if (axis.x(until) - axis.x(from) > 10 + 7 * text.length) {
      write(context, text, shown, axis.x(from) + 5, top, height, store.fleet);
    }
    from = until;
  }
}

/** The word of a state, where its height leaves room: below the signs of a fleet, above a low bar. */
function write(context, text, state, x, top, height, fleet) {
  const tall = state === OPEN || state === FORCED_OPEN;
  const y = top + height * (tall ? (fleet ? 0.66 : 0.5) : state === HALF_OPEN ? 0.2 : 0.4);
  const [behind, on] = { [OPEN]: [ink.open, "#111111"], [FORCED_OPEN]: [ink.forced, ink["on-forced"]] }[state]
    ?? [null, ink.muted];
  plate(context, text, x, y, behind, on);
}

/** A word, on a plain plate where there is a pattern behind it. */
function plate(context, text, x, y, behind, on) {
  if (behind) {
    context.fillStyle = behind;
    context.fillRect(x - 2, y - 8, context.measureText(text).width + 4, 16);
  }
  context.fillStyle = on;
  context.fillText(text, x, y);
}

/** The truth under a row, and below it where the breaker was wrong. */
function drawTruth(context, store, instance, axis, top) {
  const truth = store.truths[instance];
  const end = Math.min(axis.to, store.end);
  context.fillStyle = ink.line;
  context.fillRect(axis.left, top + 4, axis.width, 1);
  let place = Math.max(0, truth.until("at", axis.from) - 1);
  for (; place < truth.length && truth.at[place] < end; place++) {
    const from = Math.max(truth.at[place], axis.from);
    const until = place + 1 < truth.length ? Math.min(truth.at[place + 1], end) : end;
    const p = truth.p[place];
    const sick = p >= store.unhealthyAt;
    const [left, right] = [axis.x(from), axis.x(until)];
    if (p > 0 && until > from) {
      context.globalAlpha = sick ? 1 : 0.2 + 0.4 * p;
      context.fillStyle = ink.sick;
      context.fillRect(left, top, right - left, 5);
      context.globalAlpha = 1;
    }
    drawMistakes(context, store, instance, axis, from, until, sick, top + 6);
  }
}

function drawMistakes(context, store, instance, axis, from, until, sick, top) {
  const states = store.states[instance];
  let place = states.until("at", from);
  let state = place ? states.state[place - 1] : store.began[instance];
  for (let at = from; at < until; place++) {
    const next = place < states.length ? Math.min(states.at[place], until) : until;
    if (trusts(state) === sick && next > at && state !== STOPPED) {
      context.fillStyle = sick ? ink.sick : ink.open;
      const [left, right] = [axis.x(at), axis.x(next)];
      if (sick) context.fillRect(left, top, right - left, 3);
      else {
        context.fillRect(left, top, right - left, 1);
        context.fillRect(left, top + 2, right - left, 1);
      }
    }
    if (place >= states.length || states.at[place] >= until) return;
    state = states.state[place];
    at = next;
  }
}

/** Draws all of it. `unfolded` is a group whose instances have a row each. */
export function drawTimeline(board, store, view, unfolded) {
  const context = board.clear();
  const axis = new Axis(view, board.width);
  const bottom = board.height - BOTTOM;
  const fleet = store.fleetAt(view.at);
  const below = AGREEMENT + (fleet ? ENGINE : 0);
  const rows = unfolded
    ? unfolded.of.map((instance) => ({ name: store.names[instance], of: [instance] }))
    : groups(store, view.at).filter((row) => row.of.length || row.name !== RARE);
  const room = (bottom - TOP - below - 4) / rows.length;
  drawPhases(context, axis, store, 0, bottom, "named");
  drawTime(context, axis, TOP, bottom, "labels");
  const all = fleetShares(store, axis);
  rows.forEach((row, place) => {
    const top = TOP + place * room;
    if (row.heights) drawBand(context, all, row, axis, top, room - 3);
    else drawRow(context, store, row, axis, top, room);
  });
  if (room < 9) drawName(context, axis, `${rows.length} × ${unfolded.name}`, TOP + 8);
  drawAgreement(context, store, view, axis, all, bottom - below);
  if (fleet) drawEngine(context, store, axis, bottom - ENGINE, ENGINE - 3, view.at);
  drawMarks(context, axis, store, view, 0, bottom);
  return { rows, top: TOP, room, at: view.at };
}

function pixels(axis) {
  return Math.round(axis.width * devicePixelRatio);
}

/** What part of all instances was in which kind of state. */
function fleetShares(store, axis) {
  const all = new Float32Array(pixels(axis) * KINDS);
  for (let instance = 0; instance < store.n; instance++) addShares(all, store, instance, axis, 1 / store.n);
  return all;
}

/** A group: how many were in its state, as a part of all. */
function drawBand(context, all, row, axis, top, height) {
  context.fillStyle = ink.line;
  context.fillRect(axis.left, top + height, axis.width, 1);
  drawShares(context, all, axis.left, top, height, row.heights);
  drawName(context, axis, `${row.name} ${row.of.length}`, top + height / 2);
}

/** One instance: its states, and where there is room the truth, words, and what it decides with others. */
function drawRow(context, store, row, axis, top, room) {
  const [instance] = row.of;
  const truth = room >= 20;
  const height = truth ? room - 14 : room >= 6 ? room - 2 : room;
  const shares = new Float32Array(pixels(axis) * KINDS);
  addShares(shares, store, instance, axis);
  if (room >= 9) drawName(context, axis, row.name, top + height / 2);
  drawShares(context, shares, axis.left, top, height, room >= 9 ? HEIGHTS : STRIP);
  if (!truth) return;
  drawWords(context, store, instance, axis, top, height);
  drawTruth(context, store, instance, axis, top + height + 1);
  if (store.fleet) drawSigns(context, store.fleet, instance, axis, top + 4.5);
}

/** How many agree: the share of instances that say no, with the line that a quorum needs or would need. */
function drawAgreement(context, store, view, axis, shares, top) {
  const height = AGREEMENT - 6;
  const open = store.names.reduce((sum, _, instance) => {
    const state = store.state(instance, view.at);
    return sum + (state === OPEN || state === FORCED_OPEN ? 1 : 0);
  }, 0);
  context.fillStyle = ink.line;
  context.fillRect(axis.left, top + height, axis.width, 1);
  drawShares(context, shares, axis.left, top, height, SAY_NO);
  const fleet = store.fleetAt(view.at);
  if (store.fleet) drawVotes(context, store, axis, top, height);
  const working = store.names.filter((_, instance) => store.runningAt(instance, view.at)).length;
  if (!fleet) drawMajority(context, store, axis, top, height, working);
  drawName(context, axis, `open ${open} of ${working}`, top + height / 2);
}

/** What a quorum of those that work would need, if instances decided together. */
function drawMajority(context, store, axis, top, height, working) {
  const quorum = Math.min(1, (Math.floor(working / 2) + 1) / store.n);
  const y = Math.round(top + height * (1 - quorum)) + 0.5;
  context.strokeStyle = ink.muted;
  context.setLineDash([4, 3]);
  context.beginPath();
  context.moveTo(axis.left, y);
  context.lineTo(axis.left + axis.width, y);
  context.stroke();
  context.setLineDash([]);
}

/** The transition next to an instant, later (1) or earlier (-1); its place, or -1. */
export function nextChange(store, at, direction) {
  let best = -1;
  for (const states of store.states) {
    let place = direction > 0 ? states.until("at", at + 1e-9) : states.until("at", at - 1e-9) - 1;
    // A stop or a start is no transition.
    while (place >= 0 && place < states.length && states.change[place] >= store.changes.length) place += direction;
    if (place < 0 || place >= states.length) continue;
    const change = states.change[place];
    const closer = best < 0 || direction * (store.changes.at[best] - store.changes.at[change]) > 0;
    if (closer) best = change;
  }
  return best;
}
