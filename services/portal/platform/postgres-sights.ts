import type { InstanceView } from "../../lib/database/choose-primary.ts";
import { type Instance, instanceName } from "../../lib/database/instance.ts";
import type { PostgresSight } from "./sights.ts";

/** The instances as this pod's own questions find them (services/lib/database): no right beyond the service's own is needed. */
export function postgresSights(views: readonly InstanceView[], primary: Instance | undefined): PostgresSight[] {
  const name = primary && instanceName(primary);
  const written = views.find(({ instance }) => instanceName(instance) === name)?.written;
  return views
    .map((view): PostgresSight => {
      const { status, inRecovery, timeline, replayed } = view;
      const instance = instanceName(view.instance);
      // One that never answered is shown as in recovery by default.
      const role = instance === name ? "primary" : !inRecovery ? "old primary" : replayed === undefined ? undefined : "standby";
      const isLost = status === "lost";
      const behind =
        role === "standby" && !isLost && written !== undefined && replayed !== undefined ? Number(written - replayed) : undefined;
      return {
        ...{ instance, role, state: isLost ? "silent" : status },
        ...(timeline === undefined ? {} : { timeline }),
        // The primary was asked a moment before.
        ...(behind === undefined ? {} : { behindBytes: Math.max(0, behind) }),
      };
    })
    .toSorted((left, right) => rank(left) - rank(right) || left.instance.localeCompare(right.instance, "en", { numeric: true }));
}

function rank({ role }: PostgresSight): number {
  return role === "primary" ? 0 : 1;
}
