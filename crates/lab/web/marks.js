// The marks of orders: by time for the axis, by number for the log.

import { until } from "./columns.js";

// So many are kept; half of them give way at once.
const MOST = 10_000;

export class Marks {
  constructor() {
    this.list = [];
    this.numbered = new Map();
    this.ever = 0;
    // What is older has given way.
    this.from = 0;
  }

  /** Somebody did something. It may be told after what was done a moment later, and what is known may be told again:
   * then there is no new number, but -1. */
  add([at, kind, text]) {
    const { list } = this;
    if (at < this.from) return -1;
    const place = until(list, at, (it) => it.at);
    for (let same = place - 1; same >= 0 && list[same].at === at; same--) if (list[same].text === text) return -1;
    const mark = { at, kind, text, number: this.ever++ };
    list.splice(place, 0, mark);
    this.numbered.set(mark.number, mark);
    if (list.length > MOST) this.forget();
    return mark.number;
  }

  forget() {
    for (const { number } of this.list.splice(0, MOST / 2)) this.numbered.delete(number);
    this.from = this.list[0].at;
  }

  /** The mark with this number, as long as it is kept. */
  get(number) {
    return this.numbered.get(number);
  }
}
