import { type Fault, FaultNotPossible } from "../fault.ts";
import { choosePod, type PodVictim, runningContainer } from "./aim.ts";
import { newFaultId } from "./fault-id.ts";
import { nodeFault } from "./node-fault.ts";
import { onNode, requireNodes } from "./node-shell.ts";
import { podName, readPod } from "./platform.ts";

const units: Readonly<Record<string, number>> = { "": 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, k: 1e3, M: 1e6, G: 1e9 };

/** @param quantity as Kubernetes writes it: `512Mi` @returns bytes; undefined for what is none */
export function bytesOf(quantity: string): number | undefined {
  const [, digits, unit = ""] = /^(\d+)([KMG]i|[kMG])?$/.exec(quantity) ?? [];
  const factor = units[unit];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

/** So many processes share the taking: each is then small beside what the container's own count for. */
const takers = 4;

/**
 * Bash, for a unit of systemd: processes join the container's memory group and take more than the group's limit. The kernel then ends the
 * process of the group that it thinks worst, and that is the container's own: Kubernetes marks those (oom_score_adj), not these. It ends
 * when the container's first process has, or after three goes.
 */
export function allocateScript(container: string, bytes: number): string {
  const mebibytesEach = Math.ceil(bytes / 2 ** 20 / takers) + 16;
  return `first=$(grep -ls -- ${container} /proc/[0-9]*/cgroup | cut -d/ -f3 | sort -n | head -n 1)
path=$(sed -n 's/^[0-9]*:memory://p' /proc/$first/cgroup)
group=/sys/fs/cgroup/memory$path
if [ -z "$path" ]; then group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/$first/cgroup); fi
for go in 1 2 3; do
  kill -0 $first 2> /dev/null || break
  taking=""
  for taker in $(seq ${takers}); do
    ( echo $BASHPID > "$group/cgroup.procs"; exec perl -e 'my @held; for (1 .. ${mebibytesEach}) { push @held, "x" x 1048576 } sleep 5' ) &
    taking="$taking $!"
  done
  while kill -0 $first 2> /dev/null && kill -0 $taking 2> /dev/null; do sleep 0.1; done
  kill -9 $taking 2> /dev/null || true
  wait
done`;
}

/** The container really runs into its memory limit, from inside its own memory group; the node and its other pods have enough. */
export function outOfMemory(what: PodVictim): Fault {
  const name = `out-of-memory-${what}`;
  return {
    name,
    title: `A container runs out of memory (${what})`,
    async aim(context) {
      requireNodes(context.target, "taking a container's memory");
      const { target, limitS } = context;
      const { pod, container: chosen, words, elements } = await choosePod(context, what);
      const container = runningContainer(pod, chosen.name);
      const bytes = container.memoryLimit === undefined ? undefined : bytesOf(container.memoryLimit);
      if (bytes === undefined)
        throw new FaultNotPossible(`container ${container.name} of ${pod.name} has no memory limit: it would be the node's`);
      const id = newFaultId(name);
      const unit = `dsp-fault-${id}-load`;
      const file = `/run/${unit}.sh`;
      const limits = `--property=RuntimeMaxSec=${Math.ceil(limitS)} --property=OOMPolicy=continue`;
      const start = `systemctl is-active --quiet ${unit} || systemd-run --quiet --collect --unit=${unit} ${limits} /bin/bash ${file}`;
      const isActive = async () => (await onNode(target, pod.node, `systemctl is-active ${unit} || true`)).trim() === "active";
      return nodeFault(context, {
        id,
        what: `${words}: container ${container.name}, whose limit is ${container.memoryLimit}`,
        elements,
        pods: [podName(pod)],
        parts: [
          {
            node: pod.node,
            // A file, since systemd would take some of what a shell means by $ for its own.
            inject: `cat > ${file} <<'LOAD'\n${allocateScript(container.id, bytes)}\nLOAD\n${start}`,
            heal: `systemctl stop ${unit}.service 2> /dev/null || true; rm -f ${file}`,
          },
        ],
        async happened() {
          const now = await readPod(context, pod);
          const seen = now?.containers.find((candidate) => candidate.name === container.name);
          if (now?.uid !== pod.uid || seen === undefined || seen.restarts <= container.restarts) return undefined;
          return `container ${container.name} of ${pod.name} was ended and started anew (${seen.restarts} times in all): ${seen.lastEnd}`;
        },
        remains: async () => ((await isActive()) ? [`${unit} still takes memory on ${pod.node}`] : []),
      });
    },
  };
}
