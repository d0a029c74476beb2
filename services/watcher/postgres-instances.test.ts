import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { OverdueError } from "./clock.ts";
import { failureOf, PostgresInstances } from "./postgres-instances.ts";
import { defaultTimings } from "./timings.ts";

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

describe("an instance that is frozen", () => {
  it("is waited for on one connection, however often it is asked, and refuses when it ends", async () => {
    const taken: Socket[] = [];
    const server = createServer((socket) => taken.push(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const member = { name: "pg-1", site: "site-a", address: "127.0.0.1", port };
    const access = { database: "dsp", user: "watcher", schema: "public", applicationName: "test" };
    const instances = new PostgresInstances(access, { ...defaultTimings, connectTimeoutMs: 30 });
    onTestFinished(() => {
      instances.stop();
      for (const socket of taken) socket.destroy();
      server.close();
    });

    for (let count = 0; count < 4; count++) expect(await instances.ask(member)).toMatchObject({ failure: "silent" });
    expect(taken).toHaveLength(1);

    const answer = instances.ask(member);
    taken[0]?.destroy();
    expect(await answer).toMatchObject({ failure: "refused" });
    await instances.ask(member);
    expect(taken).toHaveLength(2);
  });
});
