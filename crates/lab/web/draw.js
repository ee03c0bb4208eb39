// The common parts of all charts: a canvas as sharp as the screen, the colours of the theme, patterns, and the axis
// of time.

import { clock } from "./clock.js";

const NAMES = ["text", "muted", "line", "panel", "closed", "open", "half", "forced", "off", "metrics", "sick", "late", "mark", "on-forced"];

/** The colours of the theme, as the style sheet has them. */
export const ink = {};
let patterns = {};

export function readInk() {
  const style = getComputedStyle(document.documentElement);
  for (const name of NAMES) ink[name] = style.getPropertyValue(`--${name}`).trim();
  patterns = {};
}

/** A fill that says its state without its colour, too: open is hatched, half-open dotted, metrics only has gaps. A hatch
 * of the fleet's leans the other way. */
export function fill(context, kind) {
  const known = patterns[kind];
  if (known) return known;
  const size = 6 * devicePixelRatio;
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const on = tile.getContext("2d");
  on.fillStyle = {
    open: ink.open, fleet: ink.open, forced: ink.forced, half: ink.half, lost: ink.off, metrics: ink.metrics,
  }[kind];
  on.fillRect(0, 0, size, size);
  on.strokeStyle = ink.panel;
  on.fillStyle = ink.panel;
  on.globalAlpha = 0.35;
  on.lineWidth = devicePixelRatio;
  on.beginPath();
  if (kind === "metrics") on.clearRect(size / 2, 0, size / 2, size);
  else if (kind === "half") {
    on.arc(size / 4, size / 4, devicePixelRatio * 0.9, 0, 7);
    on.arc((3 * size) / 4, (3 * size) / 4, devicePixelRatio * 0.9, 0, 7);
    on.fill();
  } else {
    for (let at = -size; at < 2 * size; at += size) {
      // Open by itself leans one way, open on the fleet's word the other, forced open both.
      if (kind !== "fleet") {
        on.moveTo(at, size);
        on.lineTo(at + size, 0);
      }
      if (kind === "forced" || kind === "fleet") {
        on.moveTo(at, 0);
        on.lineTo(at + size, size);
      }
    }
    on.stroke();
  }
  patterns[kind] = context.createPattern(tile, "repeat");
  return patterns[kind];
}

/** A canvas that fills its place, drawn in CSS pixels. */
export class Board {
  constructor(canvas, redraw) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.width = 0;
    this.height = 0;
    new ResizeObserver(() => {
      this.fit();
      redraw();
    }).observe(canvas);
    this.fit();
  }

  fit() {
    const { width, height } = this.canvas.getBoundingClientRect();
    this.width = width;
    this.height = height;
    const scale = devicePixelRatio;
    const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.canvas.width !== across) this.canvas.width = across;
    if (this.canvas.height !== down) this.canvas.height = down;
  }

  /** An empty picture to draw on. */
  clear() {
    const { context } = this;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    return context;
  }
}

/** Where the charts have their names, left of time: as wide as `engine 24 of 40`, and on a phone what can be spared. */
const GUTTER = 92;
const NARROW = { below: 600, gutter: 66 };
const RIGHT = 8;

/** The axis of time of a board: instants to pixels and back. */
export class Axis {
  constructor(view, width) {
    this.from = view.from;
    this.to = view.to;
    this.left = width < NARROW.below ? NARROW.gutter : GUTTER;
    this.width = Math.max(1, width - this.left - RIGHT);
  }

  x(at) {
    return this.left + ((at - this.from) / (this.to - this.from)) * this.width;
  }

  at(x) {
    return this.from + ((x - this.left) / this.width) * (this.to - this.from);
  }
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** A distance of marks so that there are about `most` of them. */
function step(span, most) {
  const least = span / most;
  if (least >= 0.5) return STEPS.find((it) => it >= least) ?? 14_400;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((it) => it * power).find((it) => it >= least);
}

/** Lines and labels of time along the bottom. */
export function drawTime(context, axis, top, bottom, labels) {
  const by = step(axis.to - axis.from, axis.width / 90);
  const digits = by >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(by)));
  context.strokeStyle = ink.line;
  context.fillStyle = ink.muted;
  context.lineWidth = 1;
  context.textAlign = "center";
  context.beginPath();
  for (let place = Math.ceil(axis.from / by - 1e-9); place * by <= axis.to + 1e-9; place++) {
    const at = place * by;
    const x = Math.round(axis.x(at)) + 0.5;
    context.moveTo(x, top);
    context.lineTo(x, bottom);
    const fits = x > axis.left + 12 && x < axis.left + axis.width - 12;
    if (labels && fits && at >= 0) context.fillText(label(at, digits), x, bottom + 9);
  }
  context.stroke();
}

function label(at, digits) {
  return digits ? clock(at, digits) : clock(at, 1).slice(0, -2);
}

/** The phases in which the plan does harm, behind everything else. */
export function drawPhases(context, axis, store, top, bottom, named) {
  context.save();
  context.beginPath();
  context.rect(axis.left, top, axis.width, bottom - top);
  context.clip();
  store.phases.forEach((phase, place) => {
    const until = store.phases[place + 1]?.at ?? store.end;
    if (phase.healthy || until < axis.from || phase.at > axis.to) return;
    const [left, right] = [axis.x(phase.at), axis.x(until)];
    context.globalAlpha = 0.13;
    context.fillStyle = ink.sick;
    context.fillRect(left, top, right - left, bottom - top);
    context.globalAlpha = 1;
    if (!named || right - left < 24) return;
    context.save();
    context.beginPath();
    context.rect(Math.max(left, axis.left), top, right - Math.max(left, axis.left), 15);
    context.clip();
    context.fillStyle = ink.sick;
    context.textAlign = "left";
    context.fillText(phase.name, Math.max(left, axis.left) + 4, top + 8);
    context.restore();
  });
  context.restore();
}

// Marks that would hide each other stand this far apart, as long as none is further than that from where it belongs.
const BESIDE = 2;
const FROM_ITS_PLACE = 6;

/** The pixels of the marks that an axis shows: each has its own, although two orders may be a few milliseconds apart. */
export function markPlaces(marks, axis) {
  const places = [];
  for (const { at } of marks) {
    if (at < axis.from || at > axis.to) continue;
    const own = Math.round(axis.x(at));
    const beside = (places.at(-1) ?? -Infinity) + BESIDE;
    places.push(Math.min(Math.max(own, beside), own + FROM_ITS_PLACE));
  }
  return places;
}

/** What somebody did, and the instant that is looked at. */
export function drawMarks(context, axis, store, view, top, bottom) {
  context.lineWidth = 1;
  context.strokeStyle = ink.mark;
  context.setLineDash([2, 2]);
  context.beginPath();
  for (const place of markPlaces(store.marks, axis)) {
    context.moveTo(place + 0.5, top);
    context.lineTo(place + 0.5, bottom);
  }
  context.stroke();
  context.setLineDash([]);
  if (view.live) return;
  const x = Math.round(axis.x(view.at)) + 0.5;
  context.strokeStyle = ink.text;
  context.beginPath();
  context.moveTo(x, top);
  context.lineTo(x, bottom);
  context.stroke();
}

/** The name of a row, left of time. */
export function drawName(context, axis, text, y) {
  context.fillStyle = ink.text;
  context.textAlign = "left";
  context.fillText(text, 2, y, axis.left - 8);
}
