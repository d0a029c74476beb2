import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Watcher } from "./watcher.ts";

export interface WatcherMetrics {
  readonly registry: Registry;
  noteFailover(kind: string, tookMs: number): void;
  /** The exposition; what is known at this moment is set now. */
  text(watcher: Watcher): Promise<string>;
}

/** Few on purpose: the process is to be small. */
export function createMetrics(site: string): WatcherMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service: "watcher", site });
  const registers = [registry];
  const failovers = new Counter({
    name: "dsp_watcher_failovers_total",
    help: "Failovers that this watcher led, by what became of them",
    labelNames: ["outcome"],
    registers,
  });
  const duration = new Histogram({
    name: "dsp_watcher_failover_seconds",
    help: "From the votes to the new primary",
    buckets: [0.1, 0.2, 0.5, 1, 2, 5],
    registers,
  });
  const primary = new Gauge({
    name: "dsp_watcher_primary_timeline",
    help: "Timeline of the primary that this watcher sees answering",
    labelNames: ["instance"],
    registers,
  });
  const up = new Gauge({
    name: "dsp_watcher_instance_up",
    help: "1 for an instance that answers this watcher",
    labelNames: ["instance"],
    registers,
  });
  const memory = new Gauge({ name: "process_resident_memory_bytes", help: "Resident memory", registers });
  const processor = new Gauge({ name: "process_cpu_seconds_total", help: "Processor time, user and system", registers });
  return {
    registry,
    noteFailover(kind, tookMs) {
      failovers.inc({ outcome: kind.replace(" ", "_") });
      if (kind === "promoted") duration.observe(tookMs / 1000);
    },
    text(watcher) {
      primary.reset();
      up.reset();
      const live = watcher.livePrimary();
      if (live) primary.set({ instance: live.instance }, live.timeline);
      for (const [instance, { failure }] of watcher.picture.sights) up.set({ instance }, failure === undefined ? 1 : 0);
      memory.set(process.memoryUsage.rss());
      const { user, system } = process.cpuUsage();
      processor.set((user + system) / 1e6);
      return registry.metrics();
    },
  };
}
