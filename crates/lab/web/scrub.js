// The scrub bar: the whole run, and the part of it that the charts show.

import { KINDS, clock } from "./clock.js";
import { Axis, drawPhases, ink, markPlaces } from "./draw.js";
import { SAY_NO, addShares, drawShares } from "./timeline.js";

// A running run has room for its first minute; a run that is over has its own length.
function whole(store, width) {
  return new Axis({ from: 0, to: Math.max(store.end, store.least ?? 60) }, width);
}

export function drawScrub(board, store, view) {
  const context = board.clear();
  const axis = whole(store, board.width);
  const bottom = board.height - 14;
  context.fillStyle = ink.line;
  context.fillRect(axis.left, bottom, axis.width, 1);
  drawPhases(context, axis, store, 0, bottom);
  const pixels = Math.round(axis.width * devicePixelRatio);
  const shares = new Float32Array(pixels * KINDS);
  for (let instance = 0; instance < store.n; instance++) addShares(shares, store, instance, axis, 1 / store.n);
  drawShares(context, shares, axis.left, 3, bottom - 3, SAY_NO);
  context.fillStyle = ink.mark;
  for (const place of markPlaces(store.marks, axis)) context.fillRect(place, 0, 1, bottom);
  brush(context, axis, view, bottom);
  context.fillStyle = ink.muted;
  context.textAlign = "left";
  context.fillText("0:00", axis.left, bottom + 8);
  context.textAlign = "right";
  context.fillText(clock(axis.to, 0), axis.left + axis.width, bottom + 8);
  context.textAlign = "left";
  context.fillStyle = ink.text;
  context.fillText("whole run", 2, bottom / 2);
}

function brush(context, axis, view, bottom) {
  const left = Math.max(axis.left, axis.x(view.from));
  const right = Math.max(left + 3, Math.min(axis.x(view.to), axis.left + axis.width));
  context.globalAlpha = 0.12;
  context.fillStyle = ink.text;
  context.fillRect(left, 0, right - left, bottom);
  context.globalAlpha = 1;
  context.strokeStyle = ink.text;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, 0.5, right - left - 1, bottom - 1);
  if (!view.live) {
    context.fillStyle = ink.text;
    context.fillRect(axis.x(view.at) - 0.5, 0, 1.5, bottom);
  }
}

/** Makes the bar react to the pointer, which moves through the whole run. */
export function listen(board, view, storeOf) {
  const { canvas } = board;
  const move = (event) => {
    const store = storeOf();
    if (!store) return;
    const axis = whole(store, board.width);
    const at = axis.at(event.clientX - canvas.getBoundingClientRect().left);
    view.live = false;
    view.to = at + view.span / 2;
    view.pause(at);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    move(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons & 1) move(event);
  });
}
