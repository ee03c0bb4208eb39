// The part of the run that is shown: a stretch of time, and the instant that cards and tiles show.

const SHORTEST = 0.02;

export class View {
  constructor(changed) {
    this.changed = changed;
    this.span = 60;
    this.live = true;
    this.at = 0;
    this.to = 0;
    this.end = 0;
  }

  get from() {
    return this.to - this.span;
  }

  /** Notes that the run has reached `end`. */
  reach(end) {
    this.end = end;
    if (this.live) {
      this.at = end;
      this.to = Math.max(end, this.span);
    }
  }

  /** Stops at an instant, and shows it. */
  pause(at) {
    this.live = false;
    this.at = Math.min(Math.max(0, at), this.end);
    if (this.at < this.from || this.at > this.to) this.to = this.at + this.span / 2;
    this.bound();
    this.changed("moved");
  }

  resume() {
    this.live = true;
    this.reach(this.end);
    this.changed("moved");
  }

  toggle() {
    if (this.live) this.pause(this.end);
    else this.resume();
  }

  /** Shows more or less time around the selected instant. */
  zoom(factor, around = this.at) {
    const span = Math.min(Math.max(SHORTEST, this.span * factor), Math.max(10, this.end * 1.05, 60));
    const share = (around - this.from) / this.span;
    const from = around - share * span;
    this.span = span;
    if (this.live) this.reach(this.end);
    else {
      this.to = from + span;
      this.bound();
    }
    this.changed("moved");
  }

  pan(share) {
    if (this.live) this.pause(this.end);
    const by = share * this.span;
    this.to += by;
    this.at = Math.min(this.end, Math.max(0, this.at + by));
    this.bound();
    this.changed("moved");
  }

  bound() {
    const latest = Math.max(this.end, this.span);
    this.to = Math.min(Math.max(this.to, this.span), latest);
  }

  /** Reads `#t=65.3&span=20` of a link. */
  read(hash) {
    const parts = new URLSearchParams(hash.replace(/^#/, ""));
    const span = Number.parseFloat(parts.get("span"));
    if (span > 0) this.span = Math.max(SHORTEST, span);
    const at = Number.parseFloat(parts.get("t"));
    return Number.isFinite(at) ? at : null;
  }

  get hash() {
    if (this.live) return "";
    const span = this.span === 60 ? "" : `&span=${Number(this.span.toPrecision(4))}`;
    return `#t=${Number(this.at.toFixed(4))}${span}`;
  }
}
