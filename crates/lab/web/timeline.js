// The timeline of states: each transition where it was, and the truth under each row.
//
// A pixel in which several states were shows the share of time of each: heights, not an overlay, so that five
// milliseconds in an hour look like five milliseconds.

import { FORCED_OPEN, HALF_OPEN, OPEN, STOPPED, WORDS, trusts } from "./clock.js";
import { Axis, drawMarks, drawName, drawPhases, drawTime, fill, ink } from "./draw.js";

const TOP = 17;
const BOTTOM = 18;
const AGREEMENT = 26;
// Up to so many instances have a row each; more of them form groups.
export const ROWS = 12;
const GROUPS = 8;
// What is told apart in a pixel.
const KINDS = 5;
const KIND = [0, 1, 2, 3, 4, 4, -1];
const HEIGHTS = [0.28, 1, 0.6, 1, 0.28];

/** The rows of a fleet: lists of instances, each with a name. */
export function groups(store, unfolded) {
  if (store.n <= ROWS) return store.names.map((name, instance) => ({ name, of: [instance] }));
  const size = Math.ceil(store.n / GROUPS);
  const all = [];
  for (let first = 0; first < store.n; first += size) {
    const of = [...store.names.keys()].slice(first, first + size);
    all.push({ name: `${store.names[first]}–${store.names[of.at(-1)]}`, of });
  }
  const group = all[unfolded];
  return group ? group.of.map((instance) => ({ name: store.names[instance], of: [instance] })) : all;
}

/** Adds to each pixel for how long of it each kind of state was, in pixels. */
export function addShares(shares, store, instance, axis, weight = 1) {
  const states = store.states[instance];
  const width = shares.length / KINDS;
  const end = Math.min(axis.to, store.end);
  let place = states.until("at", axis.from);
  let state = place ? states.state[place - 1] : store.began[instance];
  let from = Math.max(axis.from, 0);
  while (from < end) {
    const until = place < states.length ? Math.min(states.at[place], end) : end;
    const scale = width / (axis.to - axis.from);
    add(shares, KIND[state], (from - axis.from) * scale, (until - axis.from) * scale, weight);
    if (place >= states.length) break;
    state = states.state[place];
    from = Math.max(until, axis.from);
    place += 1;
  }
}

function add(shares, kind, from, until, weight) {
  // Who is stopped has no state: the row is empty there.
  if (kind < 0) return;
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
  const order = [3, 1, 2, 0, 4];
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
  return [() => ink.closed, () => fill(context, "open"), () => fill(context, "half"),
    () => fill(context, "forced"), () => ink.off][kind]();
}

/** Words in stretches that have room for them. */
function drawWords(context, store, instance, axis, top, height) {
  const states = store.states[instance];
  const end = Math.min(axis.to, store.end);
  let place = states.until("at", axis.from);
  let state = place ? states.state[place - 1] : store.began[instance];
  let from = Math.max(0, axis.from);
  context.textAlign = "left";
  for (; from < end; place++) {
    const until = place < states.length ? Math.min(states.at[place], end) : end;
    const room = axis.x(until) - axis.x(from);
    const text = WORDS[state];
    if (room > 10 + 7 * text.length) {
      const tall = state === OPEN || state === FORCED_OPEN;
      const y = top + height * (tall ? 0.5 : state === HALF_OPEN ? 0.2 : 0.4);
      const [behind, on] = { [OPEN]: [ink.open, "#111111"], [FORCED_OPEN]: [ink.forced, ink["on-forced"]] }[state]
        ?? [null, ink.muted];
      plate(context, text, axis.x(from) + 5, y, behind, on);
    }
    if (place >= states.length) return;
    state = states.state[place];
    from = Math.max(until, axis.from);
  }
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

/** Draws all of it. */
export function drawTimeline(board, store, view, unfolded) {
  const context = board.clear();
  const axis = new Axis(view, board.width);
  const bottom = board.height - BOTTOM;
  const rows = groups(store, unfolded);
  const room = (bottom - TOP - AGREEMENT - 4) / rows.length;
  drawPhases(context, axis, store, 0, bottom, "named");
  drawTime(context, axis, TOP, bottom, "labels");
  const pixels = Math.round(axis.width * devicePixelRatio);
  const all = new Float32Array(pixels * KINDS);
  rows.forEach((row, place) => {
    const top = TOP + place * room;
    const single = row.of.length === 1;
    const truth = single && room >= 20;
    const height = truth ? room - 14 : room - 3;
    const shares = new Float32Array(pixels * KINDS);
    for (const instance of row.of) addShares(shares, store, instance, axis, 1 / row.of.length);
    drawName(context, row.name, top + height / 2, ink.text);
    drawShares(context, shares, axis.left, top, height);
    for (let at = 0; at < all.length; at++) all[at] += (shares[at] * row.of.length) / store.n;
    if (truth) {
      drawWords(context, store, row.of[0], axis, top, height);
      drawTruth(context, store, row.of[0], axis, top + height + 1);
    }
  });
  if (rows.reduce((sum, row) => sum + row.of.length, 0) < store.n) fleet(all, store, axis);
  drawAgreement(context, store, view, axis, all, bottom - AGREEMENT);
  drawMarks(context, axis, store, view, 0, bottom);
  return { rows, top: TOP, room };
}

/** All instances, where the rows show some of them only. */
function fleet(all, store, axis) {
  all.fill(0);
  for (let instance = 0; instance < store.n; instance++) addShares(all, store, instance, axis, 1 / store.n);
}

/** How many agree: the share of instances that are open, with the line that a quorum would need. */
function drawAgreement(context, store, view, axis, shares, top) {
  const height = AGREEMENT - 6;
  const open = store.names.reduce((sum, _, instance) => {
    const state = store.state(instance, view.at);
    return sum + (state === OPEN || state === FORCED_OPEN ? 1 : 0);
  }, 0);
  context.fillStyle = ink.line;
  context.fillRect(axis.left, top + height, axis.width, 1);
  const heights = [0, 1, 1, 1, 0];
  drawShares(context, shares, axis.left, top, height, heights);
  const quorum = (Math.floor(store.n / 2) + 1) / store.n;
  const y = Math.round(top + height * (1 - quorum)) + 0.5;
  context.strokeStyle = ink.muted;
  context.setLineDash([4, 3]);
  context.beginPath();
  context.moveTo(axis.left, y);
  context.lineTo(axis.left + axis.width, y);
  context.stroke();
  context.setLineDash([]);
  const working = store.names.filter((_, instance) => store.runningAt(instance, view.at)).length;
  drawName(context, `open ${open} of ${working}`, top + height / 2, ink.text);
}

/** The transition next to an instant, later (1) or earlier (-1); its place, or -1. */
export function nextChange(store, at, direction) {
  let best = -1;
  for (const states of store.states) {
    const place = direction > 0 ? states.until("at", at + 1e-9) : states.until("at", at - 1e-9) - 1;
    if (place < 0 || place >= states.length) continue;
    const change = states.change[place];
    if (change >= store.changes.length) continue;
    const closer = best < 0 || direction * (store.changes.at[best] - store.changes.at[change]) > 0;
    if (closer) best = change;
  }
  return best;
}
