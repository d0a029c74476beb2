/** Where an instance's volume lies in its node, and whether it is a file system of its own: only such a one can be broken alone. */
import { type FaultContext, FaultNotPossible } from "../fault.ts";
import { findPostgresPrimary, runningContainer } from "./aim.ts";
import { onNode, requireNodes } from "./node-shell.ts";
import { type PodFacts, podElement, podInWords } from "./platform.ts";

const dataFolder = "/var/lib/postgresql/data";

export interface OwnVolume {
  pod: PodFacts;
  /** The folder that the container sees as its own, by the eyes of one of its processes: `/proc/1568/root/var/lib/postgresql/data` */
  folder: string;
  /** `/dev/loop0` */
  device: string;
  words: string;
  elements: readonly string[];
}

export interface Mount {
  /** The part of the file system that is mounted: `/` is all of it. */
  root: string;
  place: string;
  type: string;
  device: string;
  /** Major and minor number, which name the file system: `7:0` */
  number: string;
}

/** @param text of /proc/PID/mountinfo */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before, after] = line.split(" - ");
    const [, , number, root, place] = before?.split(" ") ?? [];
    const [type, device] = after?.split(" ") ?? [];
    if (number === undefined || root === undefined || place === undefined || type === undefined || device === undefined) return [];
    return [{ number, root, place, type, device }];
  });
}

/**
 * The mount at the data folder, if nothing but this volume lives on its file system.
 * @param container mounts as the container sees them
 * @param node mounts as its node sees them
 * @returns undefined where the volume is a folder of a disk that others use too
 */
export function ownFileSystem(container: readonly Mount[], node: readonly Mount[]): Mount | undefined {
  const data = container.findLast(({ place }) => place === dataFolder);
  // A folder below the root of a disk shares it with that disk's other folders.
  if (data === undefined || data.root !== "/") return undefined;
  const system = ["/", "/var", "/tmp", "/var/lib/containerd", "/var/lib/kubelet"];
  const shared = [...node, ...container].some(({ number, place }) => number === data.number && system.includes(place));
  return shared ? undefined : data;
}

const mountsScript = `
first=$(grep -ls -- "$1" /proc/[0-9]*/cgroup | cut -d/ -f3 | sort -n | head -n 1)
echo "$first"
cat "/proc/$first/mountinfo"
echo ---
cat /proc/1/mountinfo`;

/** @throws FaultNotPossible where the primary's volume shares its file system with anything else */
export async function findPrimaryVolume(context: FaultContext, fault: string): Promise<OwnVolume> {
  requireNodes(context.target, fault);
  const { pod } = await findPostgresPrimary(context);
  const answer = await onNode(context.target, pod.node, mountsScript, [runningContainer(pod, "postgres").id]);
  const [process = "", ...lines] = answer.split("\n");
  const [inContainer = "", inNode = ""] = lines.join("\n").split("\n---\n");
  const mount = ownFileSystem(parseMounts(inContainer), parseMounts(inNode));
  if (mount === undefined) {
    throw new FaultNotPossible(`${fault} would hit more than the volume of ${pod.name}: it is a folder of a disk that the whole node uses`);
  }
  return {
    pod,
    folder: `/proc/${process.trim()}/root${dataFolder}`,
    device: mount.device,
    words: `the volume (${mount.device}, ${mount.type}) of the PostgreSQL primary ${podInWords(pod)}`,
    elements: [...pod.claims.map((claim) => `volume/${claim}`), podElement(pod)],
  };
}

/** The same file system by a mount of the node's own, which outlives the container. @throws FaultNotPossible when there is none */
export async function placeInNode({ target }: FaultContext, { pod, device }: OwnVolume): Promise<string> {
  const place = (await onNode(target, pod.node, 'findmnt --noheadings --first-only --output TARGET --source "$1"', [device])).trim();
  if (place === "") throw new FaultNotPossible(`${device} is not mounted in ${pod.node} itself: nobody could heal it`);
  return place;
}
