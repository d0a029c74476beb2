import { describe, expect, it } from "vitest";
import { Deadline } from "../context.ts";
import { createMetrics } from "../metrics.ts";
import type { Connection } from "./connection-pool.ts";
import { HoldQueue, type Wish } from "./hold-queue.ts";

const connection = { notices: [] } as unknown as Connection;
const wishes = (...list: Wish[]): ReadonlySet<Wish> => new Set(list);
const queue = (max: number): HoldQueue => new HoldQueue({ max, metrics: createMetrics({}) });

describe("HoldQueue", () => {
  it("serves in the order of arrival, whom the instance suits", async () => {
    const held = queue(10);
    const served: number[] = [];
    const waits = (["primary", "any", "primary"] as const).map((wish, number) =>
      held.wait(Deadline.after(1000), wish).then(() => served.push(number)),
    );
    held.serve(connection, wishes("any"));
    held.serve(connection, wishes("primary", "any"));
    held.serve(connection, wishes("primary", "any"));
    await Promise.all(waits);
    expect(served).toEqual([1, 0, 2]);
    expect(held.serve(connection, wishes("primary"))).toBe(false);
  });

  it("lets one that was lost with its connection keep its place", async () => {
    const held = queue(10);
    const served: string[] = [];
    const cameMs = performance.now() - 1;
    const young = held.wait(Deadline.after(1000), "primary").then(() => served.push("young"));
    const again = held.wait(Deadline.after(1000), "primary", { cameMs }).then(() => served.push("again"));
    for (let turn = 0; turn < 2; turn++) held.serve(connection, wishes("primary"));
    await Promise.all([young, again]);
    expect(served).toEqual(["again", "young"]);
  });

  it("refuses past its number, past the deadline and at the end", async () => {
    const held = queue(2);
    const late = held.wait(Deadline.after(10), "primary");
    const cleared = held.wait(Deadline.after(1000), "primary");
    await expect(held.wait(Deadline.after(1000), "primary")).rejects.toMatchObject({ status: 503, headers: { "Retry-After": "5" } });
    await expect(late).rejects.toMatchObject({ status: 503 });
    held.clear();
    await expect(cleared).rejects.toMatchObject({ status: 503 });
    expect(held.length).toBe(0);
  });

  it("forgets who leaves, before and while waiting", async () => {
    const held = queue(10);
    const leaving = new AbortController();
    const gone = held.wait(Deadline.after(1000), "primary", { left: leaving.signal });
    const staying = held.wait(Deadline.after(1000), "primary");
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ status: 499 });
    await expect(held.wait(Deadline.after(1000), "primary", { left: leaving.signal })).rejects.toMatchObject({ status: 499 });
    expect(held.length).toBe(1);
    held.serve(connection, wishes("primary"));
    await expect(staying).resolves.toBe(connection);
  });
});
