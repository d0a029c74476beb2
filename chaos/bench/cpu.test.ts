import { describe, expect, it } from "vitest";
import { busyCores, cpuPerRequest, parseStat, readCpu, treeSeconds } from "./cpu.ts";

describe("parseStat", () => {
  it("reads parent and times, whatever brackets and spaces the name has", () => {
    const line = "4711 (postgres: a) S (b c) S 42 4711 4711 0 -1 4194560 100 200 0 0 11 22 33 44 20 0 1 0 100 200 300";
    expect(parseStat(line)).toEqual({ pid: 4711, parent: 42, ticks: 110 });
  });

  it.each(["", "4711 (postgres) S 1", "no process at all"])("refuses %j", (text) => {
    expect(() => parseStat(text)).toThrow(/no process/);
  });
});

describe("treeSeconds", () => {
  const processes = [
    { pid: 1, parent: 0, ticks: 10_000 },
    { pid: 10, parent: 1, ticks: 100 },
    { pid: 11, parent: 10, ticks: 20 },
    { pid: 12, parent: 11, ticks: 3 },
    { pid: 20, parent: 1, ticks: 5_000 },
  ];

  it("sums a process and all below it, and nobody else", () => {
    expect(treeSeconds(processes, 10)).toBe(1.23);
  });

  it("is nothing for a process that is gone", () => {
    expect(treeSeconds(processes, 99)).toBe(0);
  });
});

describe("readCpu", () => {
  it("sees the time that this process takes", () => {
    const trees = { service: process.pid, primary: 0x7fffffff, standbys: [] };
    const before = readCpu(trees);
    const endMs = performance.now() + 150;
    while (performance.now() < endMs);
    const after = readCpu(trees);
    expect(after.service - before.service).toBeGreaterThan(0.02);
    expect(after).toMatchObject({ primary: 0, standbys: 0 });
  });
});

describe("cpuPerRequest", () => {
  const before = { service: 1, primary: 2, standbys: 3 };
  const after = { service: 3, primary: 3, standbys: 3.5 };

  it("divides what each took by the requests", () => {
    expect(cpuPerRequest(before, after, 1_000)).toEqual({ serviceMs: 2, primaryMs: 1, standbysMs: 0.5, totalMs: 3.5 });
  });

  it("says nothing where nothing was asked", () => {
    expect(cpuPerRequest(before, after, 0)).toBeUndefined();
  });

  it("tells cores by the time between two readings", () => {
    expect(busyCores(before, after, 7_000)).toBe(0.5);
    expect(busyCores(before, after, 0)).toBe(0);
  });
});
