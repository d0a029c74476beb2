import type { Inquirer } from "./inquirer.ts";
import { samplesOf } from "./metric-lines.ts";
import type { WatcherSight } from "./sights.ts";

/** One site's watcher (services/watcher), by what it tells anybody. */
export async function askWatcher(inquirer: Inquirer, site: string, domain: string, port: number): Promise<WatcherSight> {
  const host = `watcher-${site}.${domain}`;
  const [address] = (await inquirer.addresses(host)) ?? [];
  if (address === undefined) return { site, state: "silent" };
  const ask = (path: string) => inquirer.get({ address, port, path, host });
  const [ready, standing, metrics] = await Promise.all([ask("/readyz"), ask("/standing"), ask("/metrics")]);
  if (!ready) return { site, state: "silent" };
  const isOverruled = standing?.status === 409 ? true : standing?.status === 200 ? false : undefined;
  return {
    site,
    state: ready.status === 200 ? "ready" : "not ready",
    ...(isOverruled === undefined ? {} : { isOverruled }),
    ...(metrics?.status === 200 ? parseView(metrics.text) : {}),
  };
}

export function parseView(text: string): Pick<WatcherSight, "primary" | "instances"> {
  const [primary] = samplesOf(text, "dsp_watcher_primary_timeline");
  const instances = samplesOf(text, "dsp_watcher_instance_up").map(({ labels, value }) => [labels.instance ?? "", value === 1]);
  return {
    ...(primary?.labels.instance === undefined ? {} : { primary: { instance: primary.labels.instance, timeline: primary.value } }),
    instances: Object.fromEntries(instances) as Record<string, boolean>,
  };
}
