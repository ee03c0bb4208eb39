// The charts of lines over time: the share of fast failures, and response times on a logarithmic scale.

import { millis } from "./clock.js";
import { Axis, drawMarks, drawName, drawPhases, drawTime, ink } from "./draw.js";
import { bars } from "./stack.js";

/** The share of fast failures among the answers of one second; `null` without answers. */
export function fastShare(store, second) {
  const fast = store.sum(second, 2);
  const all = fast + store.sum(second, 0) + store.sum(second, 1) + store.sum(second, 3);
  return all > 0 ? fast / all : null;
}

export function drawShare(board, store, view) {
  const context = board.clear();
  const axis = new Axis(view, board.width);
  const height = board.height - 2;
  drawPhases(context, axis, store, 0, board.height);
  drawTime(context, axis, 0, board.height);
  const seen = bars(store, axis);
  context.fillStyle = ink.open;
  clipped(context, axis, store, board.height, () => {
    for (let second = seen.first; second <= seen.last; second += seen.by) {
      let [fast, all] = [0, 0];
      for (let at = second; at < second + seen.by; at++) {
        fast += store.sum(at, 2);
        all += store.sum(at, 0) + store.sum(at, 1) + store.sum(at, 2) + store.sum(at, 3);
      }
      if (!fast) continue;
      const left = axis.x(second);
      const tall = (fast / all) * (height - 3);
      context.fillRect(left, height - tall, Math.max(1, axis.x(second + seen.by) - left), tall);
    }
  });
  scale(context, axis, [["100 %", 7], ["0", height - 5]]);
  drawName(context, axis, "fast-fail", board.height / 2);
  drawMarks(context, axis, store, view, 0, board.height);
}

const LOWEST = 0.1;
const HIGHEST = 10_000;

/** The p50 of the median instance and the p99 of the slowest one, in one second. */
function latencies(store, second) {
  const [p50, p99] = [store.sum(second, 6), store.sum(second, 7)];
  return p50 > 0 ? { p50, p99 } : null;
}

export function drawLatency(board, store, view) {
  const context = board.clear();
  const axis = new Axis(view, board.width);
  const y = (ms) => {
    const share = Math.log(Math.min(Math.max(ms, LOWEST), HIGHEST) / LOWEST) / Math.log(HIGHEST / LOWEST);
    return (board.height - 4) * (1 - share) + 2;
  };
  drawPhases(context, axis, store, 0, board.height);
  drawTime(context, axis, 0, board.height);
  context.fillStyle = ink.line;
  for (const ms of [1, 10, 100, 1000]) context.fillRect(axis.left, Math.round(y(ms)), axis.width, 1);
  const seen = bars(store, axis);
  clipped(context, axis, store, board.height, () => {
    for (const [name, colour, dash] of [["p99", ink.text, []], ["p50", ink.muted, [3, 2]]]) {
      line(context, axis, store, seen, (figures) => y(figures[name]), colour, dash);
    }
  });
  scale(context, axis, [1, 10, 100, 1000].map((ms) => [ms < 1000 ? `${ms} ms` : "1 s", y(ms)]));
  drawMarks(context, axis, store, view, 0, board.height);
}

function line(context, axis, store, seen, y, colour, dash) {
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.setLineDash(dash);
  context.beginPath();
  let on = false;
  for (let second = seen.first; second <= seen.last; second += seen.by) {
    let worst = null;
    for (let at = second; at < second + seen.by; at++) {
      const figures = latencies(store, at);
      if (figures && (!worst || figures.p99 > worst.p99)) worst = figures;
    }
    if (!worst) {
      on = false;
      continue;
    }
    const [from, to] = [axis.x(second), axis.x(second + seen.by)];
    if (on) context.lineTo(from, y(worst));
    else context.moveTo(from, y(worst));
    context.lineTo(to, y(worst));
    on = true;
  }
  context.stroke();
  context.setLineDash([]);
}

function clipped(context, axis, store, height, draw) {
  context.save();
  context.beginPath();
  context.rect(axis.left, 0, Math.max(0, Math.min(axis.width, axis.x(store.end) - axis.left)), height);
  context.clip();
  draw();
  context.restore();
}

function scale(context, axis, labels) {
  context.fillStyle = ink.muted;
  context.textAlign = "right";
  for (const [text, y] of labels) context.fillText(text, axis.left - 6, y);
}

/** The figures of a second in words. */
export function latencyWords(store, second) {
  const figures = latencies(store, second);
  if (!figures) return "no answers";
  const word = (ms) => (ms === Infinity ? "never" : millis(ms));
  return `p50 ${word(figures.p50)} · p99 ${word(figures.p99)}`;
}
