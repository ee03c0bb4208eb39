// A growing table of typed columns: rows are numbers, so that a million of them make no objects.

export class Columns {
  /** `spec` names the typed array of each column, as in `{at: Float64Array}`. */
  constructor(spec, capacity = 256) {
    this.spec = spec;
    this.names = Object.keys(spec);
    this.capacity = capacity;
    this.length = 0;
    for (const name of this.names) this[name] = new spec[name](capacity);
  }

  /** Adds a row and returns its place. */
  push(...values) {
    if (this.length === this.capacity) this.grow();
    const place = this.length++;
    this.names.forEach((name, column) => {
      this[name][place] = values[column];
    });
    return place;
  }

  grow() {
    this.capacity *= 2;
    for (const name of this.names) {
      const more = new this.spec[name](this.capacity);
      more.set(this[name]);
      this[name] = more;
    }
  }

  /** Forgets the first rows. */
  drop(count) {
    for (const name of this.names) this[name].copyWithin(0, count, this.length);
    this.length -= count;
  }

  /** How many rows have `column` ≤ `value`; the column must be in ascending order. */
  until(column, value) {
    const values = this[column];
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How many elements of an ascending list are ≤ `value`. */
export function until(list, value, at = (it) => it) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(list[middle]) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
