import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";

/** One instance as a pod. */
export interface FakePod {
  readonly name: string;
  readonly site: string;
  readonly address: string;
  readonly port: number;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
}

interface Body {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string>; resourceVersion?: string };
  status?: Record<string, string>;
  spec?: Record<string, unknown>;
}

/** What the watcher uses of Kubernetes' API: pods, nodes, the cluster with its status, the lease. It remembers, and can be away. */
export class FakeKubernetes {
  readonly pods: FakePod[];
  readonly status: Record<string, string>;
  readonly annotations: Record<string, string> = {};
  /** Nodes that take no new pods; each pod's node has its site's name. */
  readonly #closed: string[] = [];
  readonly #followers = new Set<ServerResponse>();
  lease: Record<string, unknown>;
  /** How long an instance manager takes to hear that the lease is its own, which it then renews all the time. */
  hearsAfterMs = 0;
  /** How long a change of the cluster's status takes to be made. */
  writesAfterMs = 0;
  /** How long the next change's answer takes, once the change is made; those after it are answered at once. */
  nextAnswerAfterMs = 0;
  leaseGivenMs = Number.NEGATIVE_INFINITY;
  version = 1;
  port = 0;
  #away = false;
  readonly #server: Server;
  readonly #token: string;

  constructor(options: { pods: FakePod[]; primary: string; tls: { cert: string; key: string }; token: string }) {
    this.pods = options.pods;
    this.#token = options.token;
    this.status = { currentPrimary: options.primary, targetPrimary: options.primary, currentPrimaryTimestamp: "then" };
    this.lease = { holderIdentity: options.primary, leaseTransitions: 1, leaseDurationSeconds: 3 };
    this.#server = createServer(options.tls, (request, response) => {
      if (this.#away) return;
      let text = "";
      request.on("data", (chunk) => {
        text += String(chunk);
      });
      request.on("end", () => {
        if (request.url?.startsWith("/api/v1/nodes?") && request.url.includes("watch=true")) {
          response.writeHead(200, { "Content-Type": "application/json" }).flushHeaders();
          this.#followers.add(response);
          response.on("close", () => this.#followers.delete(response));
          return;
        }
        const authorised = request.headers.authorization === `Bearer ${this.#token}`;
        const key = `${request.method} ${request.url?.split("?")[0]}`;
        const isWrite = key.startsWith("PATCH ") && key.endsWith("/status");
        const answer = (): void => {
          const [status, body] = authorised ? this.#answer(key, text === "" ? {} : (JSON.parse(text) as Body)) : [401, {}];
          const afterMs = isWrite ? this.nextAnswerAfterMs : 0;
          if (isWrite) this.nextAnswerAfterMs = 0;
          setTimeout(() => response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body)), afterMs);
        };
        if (isWrite) setTimeout(answer, this.writesAfterMs);
        else answer();
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    const address = this.#server.address();
    this.port = typeof address === "object" && address ? address.port : 0;
  }

  /** Requests are taken and never answered. */
  setAway(away: boolean): void {
    this.#away = away;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** As `kubectl cordon` does. */
  cordon(node: string): void {
    this.#closed.push(node);
    for (const follower of this.#followers) follower.write(`${JSON.stringify({ type: "ADDED", object: { metadata: { name: node } } })}\n`);
  }

  get #isHeard(): boolean {
    return performance.now() - this.leaseGivenMs >= this.hearsAfterMs;
  }

  get labelled(): string[] {
    return this.pods.filter(({ labels }) => labels["cnpg.io/instanceRole"] === "primary").map(({ name }) => name);
  }

  #answer(key: string, body: Body): [number, object] {
    const pod = this.pods.find(({ name }) => key === `PATCH /api/v1/namespaces/dsp/pods/${name}`);
    if (pod) {
      Object.assign(pod.labels, body.metadata?.labels);
      if (body.metadata?.annotations) pod.annotations = { ...pod.annotations, ...body.metadata.annotations };
      return [200, {}];
    }
    const metadata = { name: "pg", resourceVersion: String(this.version), annotations: this.annotations };
    switch (key) {
      case "GET /api/v1/nodes":
        return [200, { items: this.#closed.map((name) => ({ metadata: { name } })) }];
      case "GET /api/v1/namespaces/dsp/pods":
        return [200, { items: this.pods.map(describe) }];
      case "GET /apis/postgresql.cnpg.io/v1/namespaces/dsp/clusters/pg":
        return [200, { metadata, spec: { instances: this.pods.length }, status: this.status }];
      case "PATCH /apis/postgresql.cnpg.io/v1/namespaces/dsp/clusters/pg/status":
        if (body.metadata?.resourceVersion !== String(this.version)) return [409, { message: "conflict" }];
        this.version++;
        Object.assign(this.status, body.status);
        return [200, {}];
      case "GET /apis/coordination.k8s.io/v1/namespaces/dsp/leases/pg":
        return [200, { metadata, spec: this.#isHeard ? { ...this.lease, renewTime: new Date().toISOString() } : this.lease }];
      case "PUT /apis/coordination.k8s.io/v1/namespaces/dsp/leases/pg":
        this.lease = body.spec ?? {};
        this.leaseGivenMs = performance.now();
        return [200, {}];
      default:
        return [404, { message: `nothing at ${key}` }];
    }
  }
}

function describe({ name, site, address, port, labels }: FakePod): object {
  return {
    metadata: { name, labels: { "topology.kubernetes.io/zone": site, ...labels } },
    spec: { nodeName: site, containers: [{ ports: [{ name: "postgresql", containerPort: port }] }] },
    status: { podIP: address },
  };
}
