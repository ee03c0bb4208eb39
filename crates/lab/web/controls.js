// The controls: each gives an order to the lab, and shows the line of `curl` that gives the same in a shell.

/** What can be ordered: the route of the lab, and the one of the service that it is handed on to, if it is. */
function order(store, what, { target = "", choice = "", value = "" } = {}) {
  const down = store.hello.downstream.replace(/\/$/, "");
  const one = store.hello.instances.find((it) => it.name === target);
  const instance = one?.url.replace(/\/$/, "");
  const lab = (method, path, body) => ({ method, path, service: `${location.origin}${path}`, body });
  const faults = (plan) => ({ method: "PUT", path: "/api/faults", service: `${down}/faults`, body: plan });
  const breaker = (method, part, body) => ({
    method, path: `/api/instances/${target}/breaker/${part}`, service: `${instance}/breaker/${part}`, body,
  });
  const phase = (name, does) => (one
    ? faults({ rules: { [`${name}-for-${target}`]: { match: { caller: target }, ...does.rule } } })
    : faults({ phases: [{ name, ...does.phase }] }));
  switch (what) {
    case "break": return phase("down", { phase: { failure_ratio: 1 }, rule: { effects: [{ reset: {} }] } });
    case "half": return phase("half-down", { phase: { failure_ratio: 0.5 }, rule: { gate: { bernoulli: 0.5 }, effects: [{ status: { code: 503 } }] } });
    case "slow": return phase("slow", { phase: { latency_ms: 800 }, rule: { effects: [{ delay: { fixed: "800ms" } }] } });
    case "hang": return phase("hang", { phase: { hang_ratio: 1 }, rule: { effects: [{ hang: {} }] } });
    case "heal": return { method: "DELETE", path: "/api/faults", service: `${down}/faults` };
    case "preset": return {
      method: "POST", path: `/api/faults/presets/${choice}`, service: `${down}/faults/presets/${choice}`,
    };
    case "scenario": return lab("POST", `/api/scenarios/${choice}`);
    case "rate": return lab("PUT", "/api/load", { rate: written(value) });
    case "pause": return lab("PUT", "/api/load", { paused: true });
    case "go-on": return lab("PUT", "/api/load", { paused: false });
    case "force": return breaker("PUT", "mode", { mode: "forced_open" });
    case "auto": return breaker("PUT", "mode", { mode: "auto" });
    case "reset": return breaker("POST", "reset");
    case "setting": {
      const change = { [choice]: written(value) };
      return one ? breaker("PATCH", "settings", change) : lab("PATCH", "/api/breaker/settings", change);
    }
    case "stop": return lab("POST", `/api/instances/${target}/stop`);
    case "start": return lab("POST", `/api/instances/${target}/start`);
    case "mode": return lab("PUT", "/api/coordination", {
      mode: choice, ...(value.trim() && choice !== "local" ? { engine: value.trim() } : {}),
    });
    case "fleet-open": return lab("PUT", "/api/fleet/mode", { mode: "forced_open" });
    case "fleet-auto": return lab("PUT", "/api/fleet/mode", { mode: "auto" });
    default: throw new Error(`there is no order ${what}`);
  }
}

/** A number where it is one, and text otherwise: `5`, `0.5`, `3s`, `off`. */
function written(value) {
  const text = value.trim();
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The line of a shell that does the same. A token is never in it: the shell is to have it as `TOKEN`. */
function curl({ method, service, body }, withToken) {
  const data = body ? ` -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'` : "";
  const token = withToken ? ' -H "Authorization: Bearer $TOKEN"' : "";
  return `curl -X ${method} ${service}${token}${data}`;
}

function option(value, text = value) {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = text;
  return made;
}

/** The button that what is chosen or written in a group is for. */
function main(field) {
  return field.querySelector("[data-main]") ?? field.querySelector("button[data-order]");
}

/** The token of this tab, where the browser keeps anything for this address. */
function kept() {
  try {
    return sessionStorage.getItem("token");
  } catch {
    return null;
  }
}

// The mode whose breakers are made so before their first call: no live change leads into it or out of it.
const NAIVE = "pooled-naive";

export class Controls {
  constructor(place, line, storeOf, said) {
    this.place = place;
    this.line = line;
    this.storeOf = storeOf;
    this.said = said;
    this.token = kept();
    place.addEventListener("click", (event) => this.on(event.target, (one) => this.give(one)));
    for (const kind of ["focusin", "pointerover"]) {
      place.addEventListener(kind, (event) => this.on(event.target, (one) => this.show(one)));
    }
    // What is chosen or written shows the line of the button that it is for.
    for (const kind of ["change", "input"]) {
      place.addEventListener(kind, (event) => {
        const field = event.target.closest("fieldset");
        if (kind === "change") this.hint();
        if (field) this.on(main(field), (one) => this.show(one));
      });
    }
    place.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.matches("input")) return;
      this.on(main(event.target.closest("fieldset")), (one) => this.give(one));
    });
  }

  /** Makes the lists of another run. */
  begin(store) {
    for (const select of this.place.querySelectorAll("select.instances")) {
      const all = select.dataset.all;
      select.replaceChildren(...(all ? [option("", all)] : []), ...store.names.map((name) => option(name)));
    }
    const settings = Object.keys(store.hello.instances[0]?.settings ?? {});
    const select = this.place.querySelector("select.settings");
    select.replaceChildren(...settings.map((name) => option(name)));
    select.value = "open_for";
    this.hint();
    this.list();
    this.show(order(store, "break"));
  }

  /** Lists the scenarios, and says of those that cannot be played why. */
  async list() {
    const select = this.place.querySelector("select.scenarios");
    const modes = this.place.querySelector("select.modes");
    const before = modes.value;
    const answer = await fetch("/api/scenarios");
    if (!answer.ok) return;
    const all = await answer.json();
    const made = all.map(({ name, title, playable, why }) => {
      const one = option(name, playable ? name : `${name} (not here)`);
      one.title = playable ? title : `${title}; not here: ${why}`;
      one.dataset.why = why ?? "";
      return one;
    });
    made.sort((one, other) => Boolean(one.dataset.why) - Boolean(other.dataset.why));
    const chosen = select.value;
    select.replaceChildren(...made);
    if (made.some((one) => one.value === chosen)) select.value = chosen;
    const said = await fetch("/api/coordination").then((it) => (it.ok ? it.json() : null));
    // Whoever has chosen meanwhile keeps the choice.
    if (said && modes.value === before) modes.value = said.mode;
    this.hint();
  }

  /** Fields that are empty say what is set now; modes that the engine cannot carry say so. */
  hint() {
    const store = this.storeOf();
    if (!store) return;
    this.offer(store.decisions.at(store.end));
    this.place.querySelector("input.rate").placeholder = String(store.loadAt(store.end).rate);
    const setting = this.place.querySelector("select.settings");
    const whose = setting.closest("fieldset").querySelector("select.instances").value;
    const instance = Math.max(0, store.names.indexOf(whose));
    const now = store.settingsAt(instance, store.end)?.[setting.value];
    this.place.querySelector("input.value").placeholder = now === undefined ? "" : String(now);
  }

  /** An order to the fleet is possible only while there is one. */
  fleet(isThere) {
    for (const button of this.place.querySelectorAll("[data-order^=fleet]")) {
      button.disabled = !isThere;
      button.title = isThere ? "" : "each instance decides alone: set a mode first, then there is a fleet to order";
    }
  }

  /** Modes that cannot be set now say why. */
  offer(decided) {
    const engine = this.place.querySelector("input.engine").value.trim() || decided?.engine;
    const isNaive = decided?.mode === NAIVE;
    for (const one of this.place.querySelectorAll("select.modes option")) {
      const alien = (one.value === NAIVE) !== isNaive;
      const uncounted = engine === "gossip" && ["pooled", NAIVE].includes(one.value);
      one.disabled = alien || uncounted;
      one.title = alien ? `breakers in ${NAIVE} do not trip by themselves: start the lab with --coordination ${one.value}`
        : uncounted ? "gossip does not merge counts of calls: choose another engine" : "";
    }
  }

  on(element, then) {
    const button = element.closest("button[data-order]");
    const store = this.storeOf();
    if (!button || !store) return;
    const field = button.closest("fieldset");
    const input = field.querySelector("input");
    then(order(store, button.dataset.order, {
      target: field.querySelector("select.instances")?.value,
      choice: field.querySelector("select:not(.instances)")?.value,
      // The hint in the field of the engine is no engine.
      value: input ? input.value || (input.matches(".engine") ? "" : input.placeholder) : "",
    }));
  }

  show(one) {
    this.line.textContent = curl(one, this.token !== null || Boolean(this.storeOf()?.hello.needs_token));
  }

  async give(one) {
    this.show(one);
    const headers = one.body ? { "content-type": "application/json" } : {};
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    try {
      const answer = await fetch(one.path, {
        method: one.method, headers, body: one.body ? JSON.stringify(one.body) : undefined,
      });
      if (answer.status === 401 && this.ask()) return await this.give(one);
      if (answer.ok) {
        for (const input of this.place.querySelectorAll("input")) input.value = "";
        setTimeout(() => this.hint(), 300);
        return this.said("done", false);
      }
      const { error } = await answer.json();
      this.said(error.message, true);
    } catch (broken) {
      this.said(`the lab does not answer: ${broken.message}`, true);
    }
    return undefined;
  }

  /** A token is asked for once, and forgotten with the tab. */
  ask() {
    const token = prompt("The lab asks for its control token:");
    if (!token) return false;
    this.token = token;
    try {
      sessionStorage.setItem("token", token);
    } catch {
      // It holds until the page is closed.
    }
    return true;
  }
}
