// The stacked chart of outcomes: how calls ended, for each second and instance.

import { Axis, drawMarks, drawName, drawPhases, drawTime, ink } from "./draw.js";

// Up to this number of instances have a row each.
const ROWS = 4;
// The figures of the store, from the bottom up: successes, rejections, failures.
const PARTS = [[0, "closed"], [2, "open"], [1, "sick"], [3, "late"]];

/** The visible seconds as bars of at least two pixels, with the number of seconds per bar. */
export function bars(store, axis) {
  const perSecond = axis.width / (axis.to - axis.from);
  const by = Math.max(1, Math.ceil(2 / perSecond));
  const first = Math.max(0, Math.floor(Math.max(axis.from, store.firstSecond) / by) * by);
  const last = Math.min(axis.to, store.end);
  return { first, last, by };
}

function figure(store, instance, second, by, which) {
  let sum = 0;
  for (let at = second; at < second + by; at++) {
    sum += instance < 0 ? store.sum(at, which) : store.figure(at, instance, which);
  }
  return sum / by;
}

function highest(store, rows, { first, last, by }) {
  let high = 1;
  for (let second = first; second <= last; second += by) {
    for (const row of rows) {
      const all = PARTS.reduce((sum, [which]) => sum + figure(store, row.instance, second, by, which), 0);
      high = Math.max(high, all);
    }
  }
  return high;
}

/** Draws a row for each instance, or one for all of a large fleet. */
export function drawStack(board, store, view) {
  const context = board.clear();
  const axis = new Axis(view, board.width);
  const rows = store.n <= ROWS
    ? store.names.map((name, instance) => ({ name, instance }))
    : [{ name: "all", instance: -1 }];
  drawPhases(context, axis, store, 0, board.height);
  drawTime(context, axis, 0, board.height);
  const seen = bars(store, axis);
  const high = highest(store, rows, seen);
  const room = board.height / rows.length;
  context.save();
  context.beginPath();
  context.rect(axis.left, 0, Math.max(0, Math.min(axis.width, axis.x(store.end) - axis.left)), board.height);
  context.clip();
  rows.forEach((row, place) => {
    const bottom = (place + 1) * room - 1;
    for (let second = seen.first; second <= seen.last; second += seen.by) {
      const left = axis.x(second);
      const width = Math.max(1, axis.x(second + seen.by) - left - (axis.width > 300 ? 0.5 : 0));
      let y = bottom;
      for (const [which, name] of PARTS) {
        const tall = (figure(store, row.instance, second, seen.by, which) / high) * (room - 4);
        if (tall <= 0) continue;
        context.fillStyle = ink[name];
        context.fillRect(left, y - tall, width, tall);
        y -= tall;
      }
    }
  });
  context.restore();
  rows.forEach((row, place) => drawName(context, axis, row.name, (place + 0.5) * room));
  context.fillStyle = ink.muted;
  context.textAlign = "right";
  context.fillText(`${Math.round(high)}/s`, axis.left - 8, 8);
  drawMarks(context, axis, store, view, 0, board.height);
}
