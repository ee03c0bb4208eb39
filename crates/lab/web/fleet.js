// The common decision of a fleet: the status of each instance in its fleet at any instant, and what happened to it
// there.

import { Columns, until } from "./columns.js";

// Rows of each instance, and notes, that are kept; half of them give way at once.
const ROWS = 20_000;
const NOTES = 60_000;
const NOBODY = 255;
const COUNTS = ["vetoes", "adoptions", "fallbacks", "succeeded", "failed", "void"];
// What is drawn on a row, and by which sign.
export const SIGNS = ["adopted", "vetoed", "leased"];

/** Words that become small numbers, in the order in which they come. */
class Words {
  constructor() {
    this.all = [];
  }

  code(word) {
    if (word === null) return NOBODY;
    const known = this.all.indexOf(word);
    return known >= 0 ? known : this.all.push(word) - 1;
  }

  word(code) {
    return code === NOBODY ? null : this.all[code];
  }
}

/** How the instances have decided: in which mode, over which engine, and from when on. */
export class Decisions {
  constructor() {
    this.all = [];
  }

  /** Takes the decisions, the views and the standings of one tick, or of a stretch of history, as they followed each
   * other. */
  follow({ g = [], v = [], c = [] }, store) {
    if (g.some((row) => this.isNew(row) && row[1] !== "local")) this.gather(store);
    const { fleet } = store;
    if (fleet && v.length) fleet.isTold = true;
    const rows = [
      ...g.map((row) => ({ at: row[0], take: () => this.take(row, store) })),
      ...(fleet ? v.map((row) => ({ at: row[0], take: () => fleet.see(row) })) : []),
      ...(fleet ? c.map((row) => ({ at: row[1], take: () => fleet.stand(row) })) : []),
    ];
    // Of one instant they stay as they are here.
    for (const row of rows.sort((one, other) => one.at - other.at)) row.take();
  }

  isNew([at]) {
    return !this.all.length || at >= this.all.at(-1).at;
  }

  /** The instances of the store are a fleet from the first common decision on. */
  gather(store) {
    store.fleet ??= new Fleet(store.n, (count) => store.forgetNotes(count));
  }

  /** Takes a row, if it is not known: from then on the instances of the store are a fleet, or none. */
  take(row, store) {
    if (!this.isNew(row)) return;
    const [at, mode, engine] = row;
    const last = this.all.at(-1);
    // What a page is told first holds from the start, and the row of the start says what did.
    if (last?.at === at) this.all.pop();
    this.all.push({ at, mode, engine });
    if (mode === "local") store.fleet?.dissolve(at);
    else this.gather(store);
  }

  /** The mode and the engine at an instant; null where each instance decided alone. */
  at(instant) {
    const place = until(this.all, instant, (it) => it.at);
    const it = this.all[Math.max(0, place - 1)];
    return it && it.mode !== "local" ? it : null;
  }
}

export class Fleet {
  /** Of so many instances; `forgot` hears how many notes have given way. */
  constructor(n, forgot) {
    this.forgot = forgot;
    this.words = new Words();
    const counts = Object.fromEntries(COUNTS.map((name) => [name, Uint32Array]));
    this.standings = Array.from({ length: n }, () => new Columns({
      at: Float64Array, up: Uint8Array, fresh: Uint8Array, opinion: Uint8Array, stage: Uint8Array, apart: Uint8Array,
      localised: Uint8Array, order: Uint8Array, verdict: Uint8Array, epoch: Uint32Array, revision: Float64Array,
      voters: Uint16Array, suspects: Uint16Array, need: Uint16Array, probeAt: Float64Array, ...counts,
    }, 16));
    // When an instance began to suspect the downstream.
    this.suspected = Array.from({ length: n }, () => new Columns({ at: Float64Array }, 16));
    this.signs = Array.from({ length: n }, () => new Columns({ at: Float64Array, kind: Uint8Array }, 16));
    // The newest fresh view that any instance has, how many are in the fleet, and how many of them hear the engine.
    this.views = new Columns({
      at: Float64Array, verdict: Uint8Array, epoch: Uint32Array, voters: Uint16Array, suspects: Uint16Array,
      need: Uint16Array, probeAt: Float64Array, heard: Uint16Array,
      there: Uint16Array,
    }, 64);
    this.notes = new Columns({ number: Uint32Array, at: Float64Array, instance: Uint16Array, kind: Uint8Array }, 64);
    this.details = [];
    this.missed = 0;
    // Whether the views of the fleet are told, as those of a run that is over are, and not made of standings.
    this.isTold = false;
  }

  /** Takes a row of what the fleet had decided. */
  see([at, verdict, epoch, voters, suspects, need, probeAt, heard, there]) {
    this.isTold = true;
    const word = this.words.code(verdict);
    bounded(this.views).push(at, word, epoch, voters, suspects, need, probeAt ?? -1, heard, there);
  }

  /** Takes a row of how an instance stands. */
  stand(row) {
    const [instance, at, up, fresh, opinion, stage, apart, localised, order, view, counts] = row;
    const all = this.standings[instance];
    const last = all.length - 1;
    if (last >= 0 && all.at[last] >= at) return;
    const { words } = this;
    const suspect = words.code("suspect");
    const now = words.code(opinion);
    if (now === suspect && (last < 0 || all.opinion[last] !== suspect)) bounded(this.suspected[instance]).push(at);
    const [verdict, epoch, revision, voters, suspects, need, probeAt] = view ?? [null, 0, 0, 0, 0, 0, null];
    bounded(all).push(
      at, up, fresh, now, words.code(stage), words.code(apart), localised, words.code(order), words.code(verdict),
      epoch, revision, voters, suspects, need, probeAt ?? -1, ...counts,
    );
    if (!this.isTold) this.look(at);
  }

  /** Which view is the newest one now. */
  look(seen) {
    let [best, place, heard, there] = [null, 0, 0, 0];
    const left = this.words.code("left");
    for (const all of this.standings) {
      const last = all.length - 1;
      // Who has left, as one that is stopped has, says nothing any more.
      if (last >= 0 && all.apart[last] === left) continue;
      there += 1;
      if (last < 0) continue;
      heard += all.up[last];
      if (!all.fresh[last] || all.verdict[last] === NOBODY) continue;
      const newer = !best || all.epoch[last] > best.epoch[place]
        || (all.epoch[last] === best.epoch[place] && all.revision[last] > best.revision[place]);
      if (newer) [best, place] = [all, last];
    }
    const row = best
      ? [best.verdict[place], best.epoch[place], best.voters[place], best.suspects[place], best.need[place], best.probeAt[place]]
      : [NOBODY, 0, 0, 0, 0, -1];
    const { views } = this;
    const before = views.length - 1;
    const names = ["verdict", "epoch", "voters", "suspects", "need", "probeAt"];
    const same = before >= 0 && views.heard[before] === heard && views.there[before] === there
      && names.every((name, column) => views[name][before] === row[column]);
    if (same) return;
    // What is told late is not put before what is known: views are found by their instants.
    const at = before >= 0 ? Math.max(seen, views.at[before]) : seen;
    // Of several in one tick the last holds.
    if (before >= 0 && views.at[before] === at) views.length = before;
    bounded(views).push(at, ...row, heard, there);
  }

  /** Nobody is in it from an instant on. */
  dissolve(at) {
    if (this.isTold) return;
    const { views } = this;
    // Some may have left a little later, and be known already.
    if (views.length) bounded(views).push(Math.max(at, views.at[views.length - 1]), NOBODY, 0, 0, 0, 0, -1, 0, 0);
  }

  /** Takes a note of what happened; returns its place, or -1 if it is known. */
  note([number, at, instance, kind, detail]) {
    const { notes } = this;
    const last = notes.length ? notes.number[notes.length - 1] : 0;
    if (number <= last) return -1;
    this.missed += number - last - 1;
    const sign = SIGNS.indexOf(kind);
    if (sign >= 0) bounded(this.signs[instance]).push(at, sign);
    if (notes.length >= NOTES) {
      notes.drop(NOTES / 2);
      this.details.splice(0, NOTES / 2);
      this.forgot?.(NOTES / 2);
    }
    this.details.push(detail);
    return notes.push(number, at, instance, this.words.code(kind));
  }

  /** A note, with words. */
  noteAt(place) {
    const { notes } = this;
    return {
      number: notes.number[place],
      at: notes.at[place],
      instance: notes.instance[place],
      kind: this.words.word(notes.kind[place]),
      detail: this.details[place],
    };
  }

  /** How an instance stood at an instant, in the words of its `GET /breaker`; none before the first row. */
  standing(instance, at) {
    const all = this.standings[instance];
    const place = all.until("at", at) - 1;
    if (place < 0) return null;
    const word = (name) => this.words.word(all[name][place]);
    return {
      since: all.at[place],
      up: all.up[place] === 1,
      fresh: all.fresh[place] === 1,
      opinion: word("opinion"),
      stage: word("stage"),
      apart: word("apart"),
      localised: all.localised[place] === 1,
      order: word("order"),
      verdict: word("verdict"),
      epoch: all.epoch[place],
      votes: { voters: all.voters[place], suspects: all.suspects[place], need: all.need[place] },
      probeAt: all.probeAt[place] < 0 ? null : all.probeAt[place],
      counted: Object.fromEntries(COUNTS.map((name) => [name, all[name][place]])),
    };
  }

  /** The newest view that an instance had at an instant, how many were in the fleet, and how many of them heard the
   * engine; none before the first row. */
  view(at) {
    const { views } = this;
    const place = views.until("at", at) - 1;
    if (place < 0) return null;
    return {
      verdict: this.words.word(views.verdict[place]),
      epoch: views.epoch[place],
      votes: { voters: views.voters[place], suspects: views.suspects[place], need: views.need[place] },
      probeAt: views.probeAt[place] < 0 ? null : views.probeAt[place],
      heard: views.heard[place],
      there: views.there[place],
    };
  }

  /** The instances that probe for the others at an instant. */
  probers(at) {
    const places = [...this.standings.keys()];
    return places.filter((instance) => this.standing(instance, at)?.stage === "probing");
  }
}

/** The same columns, with room for another row. */
function bounded(columns) {
  if (columns.length >= ROWS) columns.drop(ROWS / 2);
  return columns;
}

const APART = {
  local: "decides alone",
  left: "has left the fleet",
  joining: "joins the fleet",
  stale: "no engine: decides alone",
  name_taken: "name in use: decides alone",
  settings_differ: "other settings: decides alone",
  operator: "an operator decides",
  vetoed: "vetoes: its own calls succeed",
  not_suspect: "has no calls to judge by",
  own_open: "open by itself",
};

/** What an instance does in its fleet, in a few words. */
export function part(standing) {
  if (standing === null) return "joins the fleet";
  const stage = { held: "held by the fleet", probing: "probes for all", turn: "waits for its turn to close" }[standing.stage];
  if (stage) return stage;
  if (standing.localised) return "localised failure: most others are fine";
  if (standing.apart) return APART[standing.apart] ?? standing.apart.replaceAll("_", " ");
  return { suspect: "suspects the downstream", fine: "sees no trouble" }[standing.opinion] ?? "has no calls to judge by";
}

/** `2 of 3 suspect, need 2`; where votes need nothing, merged calls decide. */
export function votes({ voters, suspects, need }) {
  return `${suspects} of ${voters} suspect${need ? `, need ${need}` : "; merged calls decide"}`;
}

/** How the instances decided at an instant, and how their fleet stood, in a line: the mode and the engine come first. */
export function fleetLine(store, at) {
  const { fleet } = store;
  const decided = store.decisions.at(at);
  if (!decided) return "local · each instance decides alone";
  const how = `${decided.mode} over ${decided.engine}`;
  const view = fleet.view(at);
  const heard = `engine heard by ${view?.heard ?? 0} of ${view?.there ?? store.n}`;
  if (!view || view.verdict === null) return `${how} · no verdict is heard · ${heard}`;
  const probers = fleet.probers(at).map((instance) => store.names[instance]);
  const left = view.probeAt === null ? 0 : view.probeAt - at;
  const probe = probers.length
    ? ` · ${probers.slice(0, 3).join(", ")} ${probers.length === 1 ? "probes" : "probe"}`
    : view.verdict === "open" ? ` · ${left > 0 ? `probe in ${left.toFixed(1)} s` : "the next call probes"}` : "";
  return `${how} · ${view.verdict}, epoch ${view.epoch}: ${votes(view.votes)}${probe} · ${heard}`;
}

const NOTES_IN_WORDS = {
  vetoed: () => "vetoes the fleet's verdict: its own calls succeed",
  released: ({ detail }) => `may close in its turn, after ${Number(detail).toFixed(2)} s`,
  fell_back: ({ detail }) => `goes on alone: ${detail.replaceAll("_", " ")}`,
  rejoined: () => "has rejoined its fleet",
  refused: ({ detail }) => `is refused by its fleet: ${detail}`,
  localised: () => "has a localised failure: most others are fine",
  localised_ended: () => "has no localised failure any more",
  ordered: ({ detail }) => `follows an order to the fleet: ${detail.replaceAll("_", " ")}`,
  left: () => "leaves the fleet",
};

/** What a note says after the instance's name; none where the transition beside it says it. */
export function noteWords(note) {
  return NOTES_IN_WORDS[note.kind]?.(note) ?? null;
}
