import type { Fault } from "../fault.ts";
import { newFaultId } from "./fault-id.ts";
import { nodeFault } from "./node-fault.ts";
import { onNode, quote } from "./node-shell.ts";
import { findPrimaryVolume, placeInNode } from "./own-volume.ts";

/** Bash: takes every block that an unprivileged process could have, twice, since metadata makes the first guess too large or too small. */
export function fillScript(filler: string, folder: string): string {
  const free = `$(( $(stat --file-system --format '%a * %S' ${quote(folder)}) ))`;
  return `for round in 1 2 3 4; do
  free=${free}
  [ "$free" -gt 0 ] || break
  had=$(stat --format %s ${quote(filler)} 2> /dev/null || echo 0)
  fallocate --length $((had + free)) ${quote(filler)} || fallocate --length $((had + free / 2)) ${quote(filler)} || true
done`;
}

/** The primary's volume has not a byte left. The volume is a file system of its own: nobody else's disk is full. */
export function diskFull(): Fault {
  const name = "disk-full";
  return {
    name,
    title: "The disk under the PostgreSQL primary is full",
    async aim(context) {
      const volume = await findPrimaryVolume(context, "filling the disk");
      const { pod, words, elements } = volume;
      const folder = await placeInNode(context, volume);
      const id = newFaultId(name);
      const filler = `${folder}/.dsp-fault-${id}`;
      const free = async () => {
        return Number(await onNode(context.target, pod.node, "echo $(( $(stat --file-system --format '%a * %S' \"$1\") ))", [folder]));
      };
      const before = await free();
      return nodeFault(context, {
        id,
        what: `${words}, with ${Math.round(before / 2 ** 20)} MiB free`,
        elements,
        parts: [{ node: pod.node, inject: fillScript(filler, folder), heal: `rm -f ${quote(filler)}` }],
        async happened() {
          const now = await free();
          return now < 2 ** 20 ? `${folder} in ${pod.node} has ${now} bytes free, of ${before} before` : undefined;
        },
        async remains() {
          const there = await onNode(context.target, pod.node, 'test -e "$1" && echo there || true', [filler]);
          return there.trim() === "there" ? [`${filler} still fills the volume`] : [];
        },
      });
    },
  };
}
