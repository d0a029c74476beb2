import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20];

/** The service's Prometheus metrics, each named and explained once. */
export function createMetrics(labels: Record<string, string>) {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  // The default wakes the process a hundred times a second to see how late it is: that is most of what an idle service costs.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 500 });
  const registers = [registry];
  return { registry, ...requestMetrics(registers), ...databaseMetrics(registers), ...auditMetrics(registers) };
}

function requestMetrics(registers: Registry[]) {
  return {
    pod: new Gauge({ name: "dsp_pod_info", help: "1, with the pod's name and its node's", labelNames: ["pod", "node"], registers }),
    requests: new Histogram({
      name: "dsp_http_request_duration_seconds",
      help: "Duration of HTTP requests by route pattern, method and status",
      labelNames: ["method", "route", "status"],
      buckets: durationBuckets,
      registers,
    }),
    inFlight: new Gauge({ name: "dsp_http_requests_in_flight", help: "Requests being served now", registers }),
    held: new Gauge({ name: "dsp_requests_held", help: "Requests that wait for a database connection now", registers }),
    holdDuration: new Histogram({
      name: "dsp_request_hold_duration_seconds",
      help: "How long requests waited for a database connection, when they had to",
      buckets: durationBuckets,
      registers,
    }),
    unavailable: new Counter({ name: "dsp_requests_unavailable_total", help: "Requests answered 503", registers }),
  };
}

function databaseMetrics(registers: Registry[]) {
  return {
    primary: new Gauge({
      name: "dsp_postgres_primary",
      help: "1 for the instance this process takes for the primary; the value is absent while there is none",
      labelNames: ["instance"],
      registers,
    }),
    primaryChanges: new Counter({
      name: "dsp_postgres_primary_changes_total",
      help: "Times a primary was found or lost",
      labelNames: ["event"],
      registers,
    }),
    instanceUp: new Gauge({
      name: "dsp_postgres_instance_up",
      help: "1 when the instance answers this process",
      labelNames: ["instance"],
      registers,
    }),
    connections: new Gauge({
      name: "dsp_postgres_connections",
      help: "Open connections by instance and state",
      labelNames: ["instance", "state"],
      registers,
    }),
    transactionRetries: new Counter({
      name: "dsp_postgres_transaction_retries_total",
      help: "Transactions begun again, by reason",
      labelNames: ["reason"],
      registers,
    }),
    replays: new Counter({
      name: "dsp_idempotent_replays_total",
      help: "Writes answered from the stored result of an earlier attempt",
      registers,
    }),
  };
}

function auditMetrics(registers: Registry[]) {
  return {
    standbyReads: new Counter({ name: "dsp_standby_reads_total", help: "Reads served by a standby", registers }),
    outboxMoved: new Counter({ name: "dsp_audit_outbox_moved_total", help: "Audit records moved from Redis into PostgreSQL", registers }),
    outboxFailures: new Counter({
      name: "dsp_audit_outbox_failures_total",
      help: "Audit records that Redis did not take durably",
      registers,
    }),
    refusedTokens: new Counter({
      name: "dsp_refused_tokens_total",
      help: "Requests refused with 401 or 403",
      labelNames: ["status"],
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
