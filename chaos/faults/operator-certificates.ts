import { type Fault, FaultNotPossible } from "../fault.ts";
import { kubectl } from "./kubectl.ts";
import { rollingRestart } from "./rolling-restart.ts";
import { isRotated, readSecrets, type SecretVersion, unchanged } from "./secret-rotation.ts";

const nameOf = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`;

/**
 * Planned: the certificates that CloudNativePG makes by itself (PostgreSQL's servers, replication, its webhooks) are taken away, and it makes
 * them anew: those of the cluster at once, that of its webhooks when it starts, and so it is rolled.
 */
export function operatorCertificates(operator: string): Fault {
  const roll = rollingRestart(operator);
  return {
    name: "operator-certificates",
    title: "The certificates that the PostgreSQL operator makes are made anew",
    async aim(context) {
      const { target } = context;
      const before = (await readSecrets(target)).filter((secret) => isRotated(secret, "operator-certificates"));
      if (before.length === 0) throw new FaultNotPossible("the operator keeps no certificates of its own here");
      const rolling = await roll.aim(context);
      const missing = (now: readonly SecretVersion[]) => before.filter((old) => !now.some((secret) => nameOf(secret) === nameOf(old)));
      return {
        what: `${before.map(nameOf).join(", ")}; then ${rolling.what}`,
        elements: [...before.map((secret) => `certificate/${nameOf(secret)}`), ...rolling.elements],
        async inject() {
          for (const { namespace, name } of unchanged(before, await readSecrets(target)))
            await kubectl(target, ["delete", "secret", name, "--namespace", namespace], { signal: context.signal });
          await rolling.inject();
        },
        async happened() {
          const rolled = await rolling.happened();
          if (rolled === undefined) return undefined;
          const now = await readSecrets(target);
          const left = [...missing(now), ...unchanged(before, now)];
          return left.length > 0 ? undefined : `${before.map(nameOf).join(", ")} are new; ${rolled}`;
        },
        heal: () => rolling.heal(),
        async remains() {
          const gone = missing(await readSecrets(target));
          return [...gone.map((secret) => `${nameOf(secret)} is not there`), ...(await rolling.remains())];
        },
      };
    },
  };
}
