// The controls: each gives an order to the lab, and shows the line of `curl` that gives the same to the service.

/** What can be ordered: the route of the lab, and the one of the service that it is handed on to. */
export function order(store, what, target) {
  const down = store.hello.downstream.replace(/\/$/, "");
  const one = store.hello.instances.find((it) => it.name === target);
  const instance = one?.url.replace(/\/$/, "");
  const faults = (plan) => ({ method: "PUT", path: "/api/faults", service: `${down}/faults`, body: plan });
  const mode = (name) => ({
    method: "PUT", path: `/api/instances/${target}/breaker/mode`, service: `${instance}/breaker/mode`, body: { mode: name },
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
    case "force": return mode("forced_open");
    case "auto": return mode("auto");
    case "reset": return {
      method: "POST", path: `/api/instances/${target}/breaker/reset`, service: `${instance}/breaker/reset`,
    };
    default: return {
      method: "POST", path: `/api/faults/presets/${what}`, service: `${down}/faults/presets/${what}`,
    };
  }
}

/** The line of a shell that does the same. */
export function curl({ method, service, body }) {
  const data = body ? ` -d '${JSON.stringify(body)}'` : "";
  return `curl -X ${method} ${service}${data}`;
}

export class Controls {
  constructor(place, line, storeOf, said) {
    this.place = place;
    this.line = line;
    this.storeOf = storeOf;
    this.said = said;
    this.token = sessionStorage.getItem("token");
    place.addEventListener("click", (event) => this.on(event, (one) => this.give(one)));
    for (const kind of ["focusin", "pointerover", "change"]) {
      place.addEventListener(kind, (event) => this.on(event, (one) => this.show(one)));
    }
  }

  /** Makes the lists of another run. */
  begin(store) {
    for (const select of this.place.querySelectorAll("select.instances")) {
      const all = select.dataset.all;
      const names = all ? [["", all]] : [];
      select.replaceChildren(...[...names, ...store.names.map((name) => [name, name])].map(([value, text]) => {
        const option = document.createElement("option");
        option.value = value;
        option.textContent = text;
        return option;
      }));
    }
    this.show(order(store, "break", ""));
  }

  on(event, then) {
    const button = event.target.closest("button[data-order]");
    const store = this.storeOf();
    if (!button || !store) return;
    const field = button.closest("fieldset");
    const target = field.querySelector("select.instances")?.value ?? "";
    const what = button.dataset.order === "preset" ? field.querySelector("select.presets").value : button.dataset.order;
    then(order(store, what, target));
  }

  show(one) {
    this.line.textContent = curl(one);
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
      if (answer.ok) return this.said("done", false);
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
    sessionStorage.setItem("token", token);
    return true;
  }
}
