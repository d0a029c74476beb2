import { randomBytes } from "node:crypto";

/** A name for one making of a fault, good for a systemd unit, a container and a file: `node-kill-witness-3fa9c1` */
export function newFaultId(fault: string): string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(fault))
    throw new Error(`"${fault}" is no name of a fault: small letters, digits and single hyphens`);
  return `${fault}-${randomBytes(3).toString("hex")}`;
}
