import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { instanceName } from "./instance.ts";
import { HostResolver, parseHosts } from "./resolve-hosts.ts";

const log = pino({ level: "silent" });

describe("parseHosts", () => {
  it("reads names and addresses with and without a port", () => {
    expect(parseHosts("pg-instances, 10.0.0.1:5433,[fd00::1]:1")).toEqual([
      { name: "pg-instances", port: 5432 },
      { name: "10.0.0.1", port: 5433 },
      { name: "fd00::1", port: 1 },
    ]);
  });
  it.each(["", "a b", "x:99999", "http://x", "x,,y"])("refuses %j", (text) => {
    expect(() => parseHosts(text)).toThrow("host[:port]");
  });
});

describe("HostResolver", () => {
  it("keeps the addresses known so far when a name cannot be resolved", async () => {
    const seen: string[][] = [];
    let answers: string[] | undefined = ["10.0.0.1", "10.0.0.2", "10.0.0.1"];
    const lookup = async (): Promise<string[]> => {
      if (!answers) throw new Error("SERVFAIL");
      return answers;
    };
    const resolver = new HostResolver({ hosts: parseHosts("pg"), log, lookup, onChange: (list) => seen.push(list.map(instanceName)) });
    for (const next of [answers, undefined, ["10.0.0.3"]]) {
      answers = next;
      resolver.refresh();
      await sleep(5);
    }
    expect(seen).toEqual([["10.0.0.1:5432", "10.0.0.2:5432"], ["10.0.0.1:5432", "10.0.0.2:5432"], ["10.0.0.3:5432"]]);
    resolver.stop();
  });

  it("asks once at a time, however long an answer takes", async () => {
    let asked = 0;
    const lookup = (): Promise<string[]> => {
      asked++;
      return new Promise(() => {});
    };
    const resolver = new HostResolver({ hosts: parseHosts("pg"), log, lookup, onChange: () => {} });
    for (let times = 0; times < 5; times++) resolver.refresh();
    await sleep(5);
    expect(asked).toBe(1);
  });
});
