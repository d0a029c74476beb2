import { expect, it } from "vitest";
import { runCommand } from "./child-process.ts";

it("lets the lab go before what it runs", async () => {
  // It is told so when it runs already.
  const printed = await runCommand("sh", ["-c", "sleep 0.3; nice; cat /proc/self/autogroup 2> /dev/null || true"]);
  const [nice, group] = printed.trim().split("\n");
  expect(Number(nice)).toBeGreaterThanOrEqual(5);
  // Who is not root may set it ten times a second only.
  if (group !== undefined && process.getuid?.() === 0) expect(Number(/nice (-?\d+)$/.exec(group)?.[1])).toBeGreaterThanOrEqual(5);
});
