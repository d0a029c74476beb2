import { describe, expect, it } from "vitest";
import { OverdueError } from "./clock.ts";
import { failureOf } from "./postgres-instances.ts";

const failed = (code: string, message = ""): Error => Object.assign(new Error(message), { code });

describe("failureOf", () => {
  it("knows a dead server, a silent one, one that is starting, and a fault of our own", () => {
    expect(failureOf(failed("ECONNREFUSED"), false)).toBe("refused");
    expect(failureOf(failed("57P01"), false)).toBe("refused");
    expect(failureOf(new Error("Connection terminated unexpectedly"), false)).toBe("refused");
    expect(failureOf(failed("57P03", "the database system is starting up"), true)).toBe("starting");
    expect(failureOf(failed("57P03", "the database system is shutting down"), true)).toBe("refused");
    expect(failureOf(failed("EHOSTUNREACH"), false)).toBe("silent");
    expect(failureOf(new Error("timeout expired"), false)).toBe("silent");
    expect(failureOf(new OverdueError("the answer", 1000), false)).toBe("silent");
    for (const code of ["28P01", "53300", "ENOENT", "EMFILE", "CERT_HAS_EXPIRED"]) expect(failureOf(failed(code), true)).toBe("alive");
  });

  it("takes silence after a closed connection for its end", () => {
    expect(failureOf(failed("EHOSTUNREACH"), true)).toBe("refused");
    expect(failureOf(new Error("timeout expired"), true)).toBe("refused");
  });
});
