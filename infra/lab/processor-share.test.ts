import { describe, expect, it } from "vitest";
import { labNodes } from "./cluster-config.ts";
import { processorShare } from "./processor-share.ts";

describe("the processor's shares", () => {
  const shareOf = Object.fromEntries(labNodes.map((node) => [node.name, processorShare(node)]));

  it("put the nodes that serve before the witness, and it before the control planes of the sites", () => {
    const [workers, others] = [/worker/, /control-plane/].map((name) => labNodes.filter((node) => name.test(node.name)));
    const witness = shareOf["dsp-control-plane3"] ?? 0;
    for (const { name } of workers ?? []) expect(shareOf[name]).toBeGreaterThan(witness);
    for (const { name, site } of others ?? []) if (site !== "witness") expect(shareOf[name]).toBeLessThan(witness);
  });

  it("are the same on both sites", () => {
    const of = (site: string) => labNodes.filter((node) => node.site === site).map((node) => processorShare(node));
    expect(of("site-a")).toEqual(of("site-b"));
  });
});
