import { describe, expect, it } from "vitest";
import { addressesOf, addressSet, droppedPackets, dropsBetween, tableName, tableText } from "./network-cut.ts";
import { networkOf, outsideDrops } from "./outside-unreachable.ts";
import { isolatingDrops } from "./primary-isolated.ts";

const far = ["172.28.0.9", "10.244.0.0/24"];

describe("tableText", () => {
  it("is a table of the fault's own that counts and drops in all three hooks", () => {
    expect(tableName("site-cut-off-other-both-0a1b2c")).toBe("dsp_fault_site_cut_off_other_both_0a1b2c");
    const text = tableText("x-1", dropsBetween(far, "both"));
    expect(text).toContain("table inet dsp_fault_x_1 {");
    for (const hook of ["input", "output", "forward"]) expect(text).toContain(`type filter hook ${hook} priority -20; policy accept;`);
    expect(text.match(/counter name dropped drop/g)).toHaveLength(4);
  });

  it("cuts one way only where that is asked for", () => {
    expect(dropsBetween(far, "outgoing")).toEqual({
      input: [],
      output: ["ip daddr { 172.28.0.9, 10.244.0.0/24 }"],
      forward: ["ip daddr { 172.28.0.9, 10.244.0.0/24 }"],
    });
    expect(tableText("x-1", dropsBetween(far, "incoming"))).not.toMatch(/daddr|hook output/);
  });

  it("refuses to drop nothing, and what is no address", () => {
    expect(() => tableText("x-1", {})).toThrow(/drops nothing/);
    expect(() => addressSet([])).toThrow(/needs addresses/);
    expect(() => addressSet(["10.0.0.1; flush ruleset"])).toThrow(/no IPv4/);
  });
});

describe("what is dropped", () => {
  it("for a site are the addresses of the far nodes and of their pods", () => {
    const node = { name: "n", site: "s", controlPlane: false, ready: true, unschedulable: false };
    expect(
      addressesOf([
        { ...node, address: "172.28.0.9", podRange: "10.244.0.0/24" },
        { ...node, address: "172.28.0.8", podRange: undefined },
      ]),
    ).toEqual(["172.28.0.9", "10.244.0.0/24", "172.28.0.8"]);
  });

  it("for an isolated primary is everybody but its clients", () => {
    const drops = isolatingDrops("10.244.5.7", far, ["10.244.4.4", "10.244.3.5"], ["172.28.0.9"]);
    expect(drops.forward).toEqual([
      "ip saddr 10.244.5.7 ip daddr { 172.28.0.9, 10.244.0.0/24 } ip daddr != { 10.244.4.4, 10.244.3.5 }",
      "ip daddr 10.244.5.7 ip saddr { 172.28.0.9, 10.244.0.0/24 } ip saddr != { 10.244.4.4, 10.244.3.5 }",
    ]);
    expect(drops.output).toEqual(["ip daddr { 172.28.0.9 } tcp dport 6443"]);
  });

  it("outside is whatever is not the platform's, nor a machine's own", () => {
    expect(outsideDrops(["172.28.0.0/16", "10.96.0.0/16"]).output).toEqual([
      "ip daddr != { 172.28.0.0/16, 10.96.0.0/16, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4 }",
    ]);
    const shown = "1: lo    inet 127.0.0.1/8 scope host lo\n26: eth1    inet 172.28.0.4/16 brd 172.28.255.255 scope global eth1\n";
    expect(networkOf(shown, "172.28.0.4")).toBe("172.28.0.4/16");
    expect(networkOf(shown, "172.28.0.40")).toBeUndefined();
  });
});

describe("droppedPackets", () => {
  it("sums nft's counters", () => {
    expect(droppedPackets("table inet t {\n counter dropped {\n  packets 6 bytes 352\n }\n}")).toBe(6);
    expect(droppedPackets("none")).toBe(0);
  });
});
