import type { Drill } from "../drill.ts";
import { siteCutOff } from "../faults/site-cut-off.ts";
import { siteKill } from "../faults/site-kill.ts";
import { promises } from "../promises.ts";
import { atWork } from "../walks/at-work.ts";
import { signedIn } from "../walks/signed-in.ts";
import { declareDrill, lasting } from "./declare.ts";

const redundancyLimitS = 300;

export const siteDrills: readonly Drill[] = [
  declareDrill({
    name: "site-kill",
    title: "The whole site of the PostgreSQL primary is killed, while a patient is signed in at the portal",
    tolerates: "one whole site",
    faults: lasting(siteKill("postgres-primary"), 20),
    promise: promises.site,
    redundancyLimitS,
    walks: [signedIn],
    walksIfThere: true,
    short: true,
  }),
  declareDrill({
    name: "portal-site-kill",
    title: "The whole site of the PostgreSQL primary is killed, while somebody works at the portal in a browser",
    tolerates: "one whole site",
    faults: lasting(siteKill("postgres-primary"), 20),
    promise: promises.site,
    redundancyLimitS,
    walks: [atWork],
  }),
  declareDrill({
    name: "other-site-kill",
    title: "The whole site without the PostgreSQL primary is killed",
    tolerates: "one whole site",
    faults: lasting(siteKill("other"), 20),
    promise: promises.site,
    redundancyLimitS,
  }),
  declareDrill({
    name: "witness-site-kill",
    title: "The whole witness site is killed",
    tolerates: "the witness site",
    faults: lasting(siteKill("witness"), 20),
    promise: promises.spare,
    redundancyLimitS,
  }),
  declareDrill({
    name: "site-cut-off",
    title: "The site of the PostgreSQL primary is cut off from the other two",
    tolerates: "one whole site that goes on running",
    faults: lasting(siteCutOff("postgres-primary", "both"), 20),
    promise: promises.site,
    redundancyLimitS,
  }),
  declareDrill({
    name: "site-cut-off-from-one",
    title: "The site of the PostgreSQL primary is cut off from one of the other two",
    tolerates: "one line between two sites",
    faults: lasting(siteCutOff("postgres-primary", "one"), 20),
    promise: promises.site,
    redundancyLimitS,
  }),
  declareDrill({
    name: "site-cut-off-outgoing",
    title: "Nothing that the primary's site sends arrives; what is sent to it does",
    tolerates: "a line that works in one direction only",
    faults: lasting(siteCutOff("postgres-primary", "outgoing"), 20),
    promise: promises.site,
    redundancyLimitS,
  }),
  declareDrill({
    name: "site-cut-off-incoming",
    title: "Nothing that is sent to the primary's site arrives; what it sends does",
    tolerates: "a line that works in one direction only",
    faults: lasting(siteCutOff("postgres-primary", "incoming"), 20),
    promise: promises.site,
    redundancyLimitS,
  }),
];
