/** A run of one drill with short waits, as a process of its own that can be killed. Argument: the drill's name. Says each event of its faults. */

import { allDrills } from "../../chaos/drills/catalogue.ts";
import { healKeptFaults, listKeptFaults } from "../../chaos/faults/kept.ts";
import { realParts } from "../../chaos/run/parts.ts";
import { runDrills } from "../../chaos/run/session.ts";
import { chaosTarget } from "../../infra/cli/chaos-target.ts";

const target = chaosTarget("lab");
await runDrills({
  target,
  drills: allDrills.filter(({ name }) => name === process.argv[2]),
  repeat: 1,
  full: false,
  parts: realParts,
  kept: { list: listKeptFaults, heal: healKeptFaults },
  signal: new AbortController().signal,
  timings: { steadyMs: 2_000, limitMarginS: 5 },
  events: {
    onLine: (line) => {
      if (line.entry === "fault") process.stdout.write(`${line.event}: ${line.text ?? line.what ?? ""}\n`);
    },
  },
});
