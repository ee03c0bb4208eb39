// Words for times, shares, numbers, states and causes, the same as in the terminal.

export const STATES = ["closed", "open", "half_open", "forced_open", "disabled", "metrics_only", "stopped"];
export const WORDS = ["closed", "open", "half-open", "forced open", "disabled", "metrics only", "stopped"];
// Shapes beside the words: for those who see no colours, and in one column.
export const SHAPES = ["▁", "█", "▄", "▓", "─", "┄", "○"];

const CLOSED = 0;
export const OPEN = 1;
export const HALF_OPEN = 2;
export const FORCED_OPEN = 3;
const DISABLED = 4;
const METRICS_ONLY = 5;
// No state of a breaker: somebody has stopped the instance.
export const STOPPED = 6;

// What is told apart in pictures: each state of a breaker by its number, and open on the fleet's word.
// An instance that is stopped has none.
const NO_KIND = 255;
export const KIND = [0, 1, 2, 3, 4, 5, NO_KIND];
export const KINDS = 7;
export const BY_FLEET = 6;

/** What a state that was entered for this cause looks like. */
export function kindOf(state, cause) {
  return state === OPEN && cause.startsWith("fleet") ? BY_FLEET : KIND[state];
}

/** Whether calls pass as if there were no fault: what a breaker does that believes in the downstream. */
export function trusts(state) {
  return state === CLOSED || state === DISABLED || state === METRICS_ONLY;
}

/** Whether calls pass as probes at most: open, half-open or forced open. Breakers diverge while one does so and
 * another trusts. */
export function doubts(state) {
  return state === OPEN || state === HALF_OPEN || state === FORCED_OPEN;
}

/** Whether the breaker says no. */
export function rejects(state) {
  return state === OPEN || state === FORCED_OPEN;
}

/** `1:05.3`: minutes, seconds and tenths since the start; more digits where they are asked for. */
export function clock(at, digits = 1) {
  const scale = 10 ** digits;
  const whole = Math.floor(Math.max(0, at) * scale + 1e-6);
  const minutes = Math.floor(whole / (60 * scale));
  const rest = (whole - minutes * 60 * scale) / scale;
  const text = rest.toFixed(digits);
  return `${minutes}:${rest < 10 ? "0" : ""}${text}`;
}

/** `1.5 s`, `45 ms`. */
export function span(seconds) {
  if (seconds < 0.00005) return "0 ms";
  if (seconds < 0.1) return `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** `42 %` */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** `12,345` */
function number(count) {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `9,876`, `17.6 k`: at most six letters, up to a hundred million. */
export function brief(count) {
  if (count < 10_000) return number(count);
  return count < 999_500 ? `${(count / 1000).toFixed(count < 99_950 ? 1 : 0)} k` : `${(count / 1e6).toFixed(1)} M`;
}

/** `0.42 ms`, `12.3 ms`, `1.2 s`. */
export function millis(ms) {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

const CAUSES = {
  probe_failed: "the probe failed",
  half_open_timeout: "the probes did not decide in time",
  verdict: "decided from outside",
  manual: "an operator's order",
  fleet: "the fleet's verdict",
  engine_lost: "no longer held by the fleet",
  wait_elapsed: "the open period ended",
  probes_succeeded: "the probes succeeded",
  restored: "restored after a restart",
  fleet_probe: "granted the fleet's probe lease",
  fleet_probe_succeeded: "the fleet's probe succeeded",
  fleet_probe_failed: "the fleet's probe failed",
  fleet_probe_cancelled: "the fleet's probe had no result",
  fleet_probe_expired: "the fleet's probe lease expired",
};

/** Why a breaker changed, with the figures of that moment and the rule that they broke. */
export function cause(change, rules) {
  const { calls, failures, slow } = change;
  const ratio = (part) => (calls > 0 ? (part / calls).toFixed(2) : "0");
  switch (change.cause) {
    case "consecutive":
      return `${change.inARow} failures in a row`;
    case "failure_ratio":
      return `${failures} of ${calls} calls failed (${ratio(failures)} ≥ ${rules.failure_ratio ?? "?"})`;
    case "slow_ratio":
      return `${slow} of ${calls} calls were slow (${ratio(slow)} ≥ ${rules.slow_ratio ?? "?"})`;
    default:
      return CAUSES[change.cause] ?? change.cause.replaceAll("_", " ");
  }
}

/** Why an instance is in its state at an instant: what its breaker did, or an operator; `none` since the start. */
export function why(store, instance, at, none) {
  const change = store.lastChange(instance, at);
  if (change) return cause(change, store.rulesAt(instance, change.at));
  if (store.since(instance, at) === null) return none;
  return store.runningAt(instance, at) ? "an operator started it" : "an operator stopped it";
}

/** Since when it is in that state, and how long that is: `0:05.300, for 1.5 s`. */
export function sinceWords(store, instance, at) {
  const since = store.since(instance, at);
  return since === null ? "the start" : `${clock(since, 3)}, for ${span(Math.max(0, at - since))}`;
}

/** `B opened at 1:05.3: 12 of 20 calls failed (0.60 ≥ 0.5); for 1.5 s` */
export function sentence(change, name, rules) {
  const verb = ["closed", "opened", "half-opened", "was forced open", "was disabled", "only measures"];
  // A breaker that its fleet lets go probes with its next call: it waits for nothing.
  const wait = change.openFor ? `; for ${span(change.openFor)}` : "";
  const turns = change.to === OPEN && (change.cause === "fleet_probe_succeeded"
    || change.cause === "fleet" && (change.from === OPEN || change.from === HALF_OPEN));
  const did = turns ? "waits for its turn to close" : verb[change.to];
  return `${name} ${did} at ${clock(change.at, 3)}: ${cause(change, rules)}${wait}`;
}
