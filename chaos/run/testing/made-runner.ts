/** A runner as a process of its own, with a made fault of 60 s: it is interrupted and killed from outside. Argument: the reports folder. */
import { setTimeout as delay } from "node:timers/promises";
import { listenForAbort } from "../abort.ts";
import { exitCodeOf } from "../outcome.ts";
import { runDrills } from "../session.ts";
import { madeDrill, madeFault, madeParts, madeTarget, quick } from "./made-drill.ts";

const say = (text: string) => process.stdout.write(`${text}\n`);
const healMs = 300;

const fault = madeFault("node-kill", {
  inject: () => {
    say("injected");
  },
  heal: async () => {
    say("healing");
    await delay(healMs);
    say("healed");
  },
});
const abort = listenForAbort(say);
const { outcomes } = await runDrills({
  target: madeTarget(process.argv[2] ?? ""),
  drills: [madeDrill([{ fault, afterS: 0, lastsS: 60 }])],
  repeat: 1,
  full: false,
  parts: madeParts(),
  kept: { list: async () => [], heal: async () => undefined },
  signal: abort.signal,
  timings: quick,
});
process.exit(abort.interrupted() ? 130 : exitCodeOf(outcomes));
