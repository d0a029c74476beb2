import { afterEach, describe, expect, it } from "vitest";
import { type AbortListener, listenForAbort } from "./abort.ts";

let listener: AbortListener | undefined;
afterEach(() => listener?.stop());

describe("an interrupt", () => {
  it("heals at the first, goes on healing at the second, and gives up at the third only", () => {
    const said: string[] = [];
    const exits: number[] = [];
    listener = listenForAbort(
      (text) => said.push(text),
      (code) => exits.push(code),
    );
    expect(listener.signal.aborted).toBe(false);
    process.emit("SIGINT", "SIGINT");
    expect(listener.signal.aborted).toBe(true);
    expect(listener.interrupted()).toBe(true);
    process.emit("SIGINT", "SIGINT");
    expect(exits).toEqual([]);
    process.emit("SIGTERM", "SIGTERM");
    expect(exits).toEqual([130]);
    expect(said).toEqual([
      expect.stringContaining("healing what is broken"),
      expect.stringContaining("healing goes on"),
      expect.stringContaining("gave up"),
    ]);
  });

  it("is told from a failure that nobody caught, which heals too", () => {
    const said: string[] = [];
    listener = listenForAbort((text) => said.push(text));
    process.listeners("uncaughtException").at(-1)?.(new Error("a bug"), "uncaughtException");
    expect(listener.signal.aborted).toBe(true);
    expect(listener.interrupted()).toBe(false);
    expect((listener.signal.reason as Error).message).toBe("unexpected failure: a bug");
  });
});
