import { describe, expect, it } from "vitest";
import { Suspicion } from "./suspicion.ts";
import { defaultTimings } from "./timings.ts";

const suspicion = (): Suspicion => new Suspicion(defaultTimings);

describe("Suspicion", () => {
  it("takes two refusals over 300 ms for death, not one", () => {
    const one = suspicion();
    one.failed("refused", 0, 1);
    expect(one.verdict(1000)).toBeUndefined();
    one.failed("refused", 120, 121);
    expect(one.verdict(300)).toBeUndefined();
    expect(one.verdict(301)).toBe("refused");
  });

  it("counts silence from when the question was asked", () => {
    const one = suspicion();
    one.failed("silent", 100, 1100);
    expect(one.verdict(1599)).toBeUndefined();
    expect(one.verdict(1600)).toBe("silent");
  });

  it("gives a server that is starting up its time, silent or not before", () => {
    const one = suspicion();
    one.failed("silent", 0, 1000);
    one.failed("starting", 1200, 1201);
    expect(one.verdict(4100)).toBeUndefined();
    expect(one.verdict(4200)).toBe("starting");
    one.failed("refused", 4200, 4201);
    expect(one.verdict(4300)).toBeUndefined();
  });

  it("forgets everything at an answer", () => {
    const one = suspicion();
    one.failed("silent", 0, 1000);
    one.answered();
    expect(one.odd).toBe(false);
    one.failed("silent", 1400, 1500);
    expect(one.verdict(1600)).toBeUndefined();
  });

  it("does not count what this process slept through, and waits for a fresh question", () => {
    const one = suspicion();
    one.failed("silent", 0, 1000);
    one.excuse(5000);
    expect(one.verdict(9000)).toBeUndefined();
    one.failed("silent", 4900, 5900);
    expect(one.verdict(9000)).toBeUndefined();
    one.failed("silent", 5100, 6100);
    expect(one.verdict(6500)).toBeUndefined();
    expect(one.verdict(6600)).toBe("silent");
  });

  it("suspects a primary that answers and cannot write", () => {
    const one = suspicion();
    one.cannotWrite(1000, "waits");
    one.answered();
    one.cannotWrite(2000, "waits");
    expect(one.verdict(2999)).toBeUndefined();
    expect(one.verdict(3000)).toBe("no-write");
    one.written();
    expect(one.verdict(9000)).toBeUndefined();
  });

  it("suspects one sooner that says itself that it cannot", () => {
    const one = suspicion();
    one.cannotWrite(1000, "fails");
    expect(one.verdict(1999)).toBeUndefined();
    expect(one.verdict(2000)).toBe("no-write");
    one.excuse(5000);
    expect(one.verdict(5999)).toBeUndefined();
    one.written();
    expect(one.verdict(9000)).toBeUndefined();
  });
});
