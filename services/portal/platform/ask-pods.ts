import type { Inquirer } from "./inquirer.ts";
import { samplesOf } from "./metric-lines.ts";
import type { PodSight, ServiceSight } from "./sights.ts";

type Facts = Pick<PodSight, "site" | "pod" | "node" | "primary">;

/** A pod's metrics are read less often than its readiness: they are long. */
const factsForMs = 5000;

/** The pods of the services, each asked on its port for operations. */
export class PodInquiry {
  readonly #inquirer: Inquirer;
  readonly #domain: string;
  readonly #portOf: (service: string) => number;
  readonly #facts = new Map<string, { facts: Facts; atMs: number }>();

  constructor(options: { inquirer: Inquirer; domain: string; portOf: (service: string) => number }) {
    this.#inquirer = options.inquirer;
    this.#domain = options.domain;
    this.#portOf = options.portOf;
  }

  async ask(service: string): Promise<ServiceSight> {
    const addresses = await this.#inquirer.addresses(`${service}.${this.#domain}`);
    return { service, pods: addresses && (await Promise.all(addresses.map((address) => this.#pod(service, address)))) };
  }

  async #pod(service: string, address: string): Promise<PodSight> {
    const where = { address, port: this.#portOf(service) };
    const [ready, facts] = await Promise.all([this.#inquirer.get({ ...where, path: "/health/ready" }), this.#factsOf(where)]);
    if (!ready) return { address, state: "silent", ...facts };
    const state = ready.status === 200 ? "ready" : ready.status === 404 ? "draining" : "not ready";
    const reason = state === "ready" ? undefined : reasonOf(ready.text);
    return { address, state, ...(reason === undefined ? {} : { reason }), ...facts };
  }

  async #factsOf(where: { address: string; port: number }): Promise<Facts> {
    const key = `${where.address} ${where.port}`;
    const known = this.#facts.get(key);
    if (known && performance.now() - known.atMs < factsForMs) return known.facts;
    const metrics = await this.#inquirer.get({ ...where, path: "/metrics" });
    // Whom a silent pod writes to is not known any more; where it stands does not change.
    if (metrics?.status !== 200) {
      const { primary: _primary, ...lasting } = known?.facts ?? {};
      return lasting;
    }
    const facts = parseFacts(metrics.text);
    if (this.#facts.size > 500) this.#facts.clear();
    this.#facts.set(key, { facts, atMs: performance.now() });
    return facts;
  }
}

export function parseFacts(text: string): Facts {
  const [info] = samplesOf(text, "dsp_pod_info");
  const [primary] = samplesOf(text, "dsp_postgres_primary");
  const known = ([name, value]: [string, string | undefined]): boolean =>
    value !== undefined && value !== "" && value !== "unknown" && name !== "";
  return Object.fromEntries(
    [
      ["site", info?.labels.site],
      ["pod", info?.labels.pod],
      ["node", info?.labels.node],
      ["primary", primary?.value === 1 ? primary.labels.instance : undefined],
    ].filter((entry): entry is [string, string] => known(entry as [string, string | undefined])),
  );
}

function reasonOf(text: string): string | undefined {
  try {
    const { reason } = JSON.parse(text) as { reason?: unknown };
    return typeof reason === "string" ? reason.slice(0, 200) : undefined;
  } catch {
    return undefined;
  }
}
