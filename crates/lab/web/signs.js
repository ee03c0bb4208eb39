// The signs of coordination on the timeline: votes, verdicts, vetoes and leases on the rows, and the engine's lane.

import { drawName, fill, ink } from "./draw.js";
import { SIGNS } from "./fleet.js";

// Signs of one kind that are nearer than this are drawn once.
const APART = 7;
const SIZE = 3.6;

/** Draws what happened to one instance in its fleet, along the top of its row. */
export function drawSigns(context, fleet, instance, axis, y) {
  const seen = (columns, sign, wanted) => {
    let before = -Infinity;
    for (let place = columns.until("at", axis.from - 1e-9); place < columns.length; place++) {
      if (columns.at[place] > axis.to) return;
      if (wanted !== undefined && columns.kind[place] !== wanted) continue;
      const x = axis.x(columns.at[place]);
      if (x - before < APART) continue;
      before = x;
      drawSign(context, sign, x, y);
    }
  };
  seen(fleet.suspected[instance], "suspected");
  SIGNS.forEach((sign, kind) => seen(fleet.signs[instance], sign, kind));
}

/** ▲ suspects, ◆ opened by the fleet, ✕ vetoes, a ring around who has the lease. */
function drawSign(context, sign, x, y) {
  context.beginPath();
  if (sign === "suspected") path(context, x, y, [[0, -1], [1, 0.9], [-1, 0.9]]);
  if (sign === "adopted") path(context, x, y, [[0, -1.15], [1.15, 0], [0, 1.15], [-1.15, 0]]);
  if (sign === "vetoed") {
    for (const way of [1, -1]) {
      context.moveTo(x - SIZE, y - way * SIZE);
      context.lineTo(x + SIZE, y + way * SIZE);
    }
  }
  if (sign === "leased") context.arc(x, y, SIZE, 0, 7);
  // A rim of the ground sets it off from whatever is behind it.
  const open = sign === "vetoed" || sign === "leased";
  context.strokeStyle = ink.panel;
  context.lineWidth = open ? 4.5 : 2.5;
  context.stroke();
  context.fillStyle = ink.text;
  context.strokeStyle = ink.text;
  context.lineWidth = 1.8;
  if (open) context.stroke();
  else context.fill();
  context.lineWidth = 1;
}

function path(context, x, y, corners) {
  corners.forEach(([across, down], place) => {
    if (place) context.lineTo(x + SIZE * across, y + SIZE * down);
    else context.moveTo(x + SIZE * across, y + SIZE * down);
  });
  context.closePath();
}

/** The stretches of equal rows of the fleet's views that an axis shows, as `(place, left, right)`. */
function stretches(views, axis, end, draw) {
  for (let place = Math.max(0, views.until("at", axis.from) - 1); place < views.length; place++) {
    const from = Math.max(views.at[place], axis.from, 0);
    const until = Math.min(place + 1 < views.length ? views.at[place + 1] : end, axis.to, end);
    if (from >= axis.to) return;
    if (until > from) draw(place, axis.x(from), axis.x(until));
  }
}

/** The lines of the votes in the row of agreement: how many suspects it takes, and how many there are. */
export function drawVotes(context, store, axis, top, height) {
  const { views } = store.fleet;
  const y = (count) => Math.round(top + height * (1 - Math.min(1, count / store.n))) + 0.5;
  const line = (of, dash, colour, width) => {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    let before = null;
    stretches(views, axis, store.end, (place, left, right) => {
      const count = of(place);
      if (count === null) {
        before = null;
        return;
      }
      if (before === null) context.moveTo(left, y(count));
      else context.lineTo(left, y(count));
      context.lineTo(right, y(count));
      before = count;
    });
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = 1;
  };
  const voted = (place) => views.voters[place] > 0;
  line((place) => (voted(place) && views.need[place] > 0 ? views.need[place] : null), [4, 3], ink.text, 1);
  line((place) => (voted(place) ? views.suspects[place] : null), [], ink.sick, 2);
}

/** The lane of the engine: thin while all hear it, tall by the share of those that do not. */
export function drawEngine(context, store, axis, top, height, at) {
  const { views } = store.fleet;
  const bottom = top + height;
  stretches(views, axis, store.end, (place, left, right) => {
    // Nobody is there to hear an engine where all have left, or each decides alone.
    if (!views.there[place]) return;
    const heard = views.heard[place] / views.there[place];
    context.fillStyle = ink.closed;
    if (heard > 0) context.fillRect(left, bottom - 2, right - left, 2);
    const lost = (1 - heard) * (height - 2);
    if (lost <= 0) return;
    context.fillStyle = fill(context, "lost");
    context.fillRect(left, bottom - 2 - lost, right - left, lost + (heard > 0 ? 0 : 2));
  });
  const now = store.fleet.view(at);
  drawName(context, axis, `engine ${now?.heard ?? 0} of ${now?.there ?? store.n}`, top + height / 2);
}
