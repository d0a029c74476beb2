import { type Fault, FaultNotPossible } from "../fault.ts";
import type { Target } from "../target.ts";
import { kubectl } from "./kubectl.ts";

export interface SecretVersion {
  namespace: string;
  name: string;
  type: string;
  version: string;
}

export type RotatedSecrets = "certificates" | "passwords" | "operator-certificates";

/** Lines of namespace, name, type and version, divided by tabs. */
export function parseSecrets(lines: string): SecretVersion[] {
  return lines
    .split("\n")
    .map((line) => line.split("\t"))
    .filter((parts) => parts.length === 4)
    .map(([namespace = "", name = "", type = "", version = ""]) => ({ namespace, name, type, version }));
}

/** Which Secrets hold what is rotated. CloudNativePG's own certificates are its own to make. */
export function isRotated({ name, type }: SecretVersion, which: RotatedSecrets): boolean {
  if (which === "passwords") return name === "redis-password" || /^role-/.test(name);
  return type === "kubernetes.io/tls" && /^(edge|service|redis)-/.test(name) === (which === "certificates");
}

/** Names and versions alone: what the Secrets hold stays where it is. */
export async function readSecrets(target: Target): Promise<SecretVersion[]> {
  const fields = ["namespace", "name"].map((field) => `{.metadata.${field}}{"\\t"}`).join("");
  const format = `jsonpath={range .items[*]}${fields}{.type}{"\\t"}{.metadata.resourceVersion}{"\\n"}{end}`;
  return parseSecrets(await kubectl(target, ["get", "secrets", "--all-namespaces", "--output", format]));
}

/** Those of which a Secret is still the one it was. */
export function unchanged(before: readonly SecretVersion[], now: readonly SecretVersion[]): SecretVersion[] {
  return before.filter((old) =>
    now.some(({ namespace, name, version }) => namespace === old.namespace && name === old.name && version === old.version),
  );
}

/** Planned: every certificate, or every password, is made anew and rolled out while clients go on. */
export function secretRotation(which: Exclude<RotatedSecrets, "operator-certificates">): Fault {
  return {
    name: `secret-rotation-${which}`,
    title: `All ${which} are rotated`,
    async aim({ target }) {
      const rotate = target.rotateSecrets?.bind(target);
      if (rotate === undefined)
        throw new FaultNotPossible("this stack's secrets belong to a program that drills cannot ask to rotate them");
      const before = (await readSecrets(target)).filter((secret) => isRotated(secret, which));
      if (before.length === 0) throw new FaultNotPossible(`this platform keeps no ${which} in Secrets`);
      const names = before.map(({ namespace, name }) => `${namespace}/${name}`);
      let rotating: Promise<void> | undefined;
      return {
        what: `${which}: ${names.join(", ")}`,
        elements: names.map((name) => `${which === "certificates" ? "certificate" : "secret"}/${name}`),
        async inject() {
          rotating ??= rotate(which);
          await rotating;
        },
        async happened() {
          const same = unchanged(before, await readSecrets(target));
          return same.length > 0 ? undefined : `new versions of ${names.join(", ")}`;
        },
        heal: async () => undefined,
        remains: async () => [],
      };
    },
  };
}
