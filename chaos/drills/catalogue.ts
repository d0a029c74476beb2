/** Every drill there is, in the order in which `./dsp drill all` runs them: small losses first. */
import type { Drill } from "../drill.ts";
import { combinedDrills } from "./combined.ts";
import { controlPlaneDrills } from "./control-plane.ts";
import { edgeDrills } from "./edge.ts";
import { nodeDrills } from "./node.ts";
import { plannedDrills } from "./planned.ts";
import { postgresDrills } from "./postgres.ts";
import { redisDrills } from "./redis.ts";
import { serviceDrills } from "./service.ts";
import { siteDrills } from "./site.ts";

export const allDrills: readonly Drill[] = [
  ...serviceDrills,
  ...controlPlaneDrills,
  ...redisDrills,
  ...edgeDrills,
  ...postgresDrills,
  ...nodeDrills,
  ...siteDrills,
  ...plannedDrills,
  ...combinedDrills,
];
