import type { Fault } from "../fault.ts";
import { newFaultId } from "./fault-id.ts";
import { nodeFault } from "./node-fault.ts";
import { onNode, quote } from "./node-shell.ts";
import { findPrimaryVolume, placeInNode } from "./own-volume.ts";

/** Asks for a write and gives it two seconds; the process that waits for the disk goes on when it thaws. */
const writeScript = `( touch "$1" && rm -f "$1" ) > /dev/null 2>&1 &
for step in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; kill -0 $! 2> /dev/null || { echo written; exit; }; done
echo stalled`;

/** Every write to the primary's volume waits, as on a disk that has gone away: no error, no answer. Nobody else's disk is touched. */
export function diskStalled(): Fault {
  const name = "disk-stalled";
  return {
    name,
    title: "The disk under the PostgreSQL primary stalls",
    async aim(context) {
      const volume = await findPrimaryVolume(context, "stalling the disk");
      const { pod, words, elements } = volume;
      const folder = await placeInNode(context, volume);
      const id = newFaultId(name);
      const probe = `${folder}/.dsp-fault-${id}`;
      const write = async () => (await onNode(context.target, pod.node, writeScript, [probe])).trim();
      const frozenBy = `/run/dsp-fault-${id}`;
      return nodeFault(context, {
        id,
        what: words,
        elements,
        parts: [
          {
            node: pod.node,
            inject: `[ -e ${frozenBy} ] || { fsfreeze --freeze ${quote(folder)}; touch ${frozenBy}; }`,
            // What is not frozen cannot be thawed: then it was done before.
            heal: `fsfreeze --unfreeze ${quote(folder)} 2> /dev/null || true; rm -f ${frozenBy}`,
          },
        ],
        happened: async () =>
          (await write()) === "stalled" ? `a write to ${folder} in ${pod.node} is still waiting after 2 s` : undefined,
        remains: async () => ((await write()) === "stalled" ? [`a write to ${folder} in ${pod.node} still waits`] : []),
      });
    },
  };
}
