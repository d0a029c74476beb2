import { describe, expect, it } from "vitest";
import { mayReach, parseNetworks } from "./address-guard.ts";

const none = parseNetworks("");

describe("where a webhook may go", () => {
  it.each([
    "8.8.8.8",
    "1.1.1.1",
    "193.108.24.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "2a00:1450:4001::1",
    "2606:4700::1",
  ])("to %s", (address) => expect(mayReach(address, none)).toBe(true));

  it.each([
    ...["0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.1.2.3"],
    ...["169.254.169.254", "172.16.0.1", "172.28.255.1", "172.31.255.255", "192.168.1.1", "192.0.0.192", "198.18.0.1", "224.0.0.1"],
    ...["239.1.1.1", "240.0.0.1", "255.255.255.255"],
    ...[
      "::",
      "::1",
      "fe80::1",
      "fe80::1%eth0",
      "fc00::1",
      "fd00:ec2::254",
      "ff02::1",
      "::ffff:10.0.0.1",
      "::ffff:8.8.8.8",
      "::ffff:7f00:1",
    ],
    ...["64:ff9b::a00:1", "64:ff9b:1::1", "2002:0a00:0001::1", "2001::1", "2001:db8::1", "100::1", "fec0::1", "::10.0.0.1"],
    ...["", "localhost", "010.0.0.1", "0x7f.1", "2130706433", "8.8.8.8/0"],
  ])("not to %s", (address) => expect(mayReach(address, none)).toBe(false));

  it("also into networks that the operator allows", () => {
    const lab = parseNetworks("10.1.0.0/16, fd00:1::/32,127.0.0.1/32");
    expect(["10.1.2.3", "fd00:1::9", "127.0.0.1"].map((address) => mayReach(address, lab))).toEqual([true, true, true]);
    expect(["10.2.0.1", "fd00:2::1", "127.0.0.2"].map((address) => mayReach(address, lab))).toEqual([false, false, false]);
  });

  it.each(["10.0.0.0", "10.0.0.0/33", "fd00::/129", "any/8", "10.0.0.0/8/8"])("%s is no network", (text) => {
    expect(() => parseNetworks(text)).toThrow(/is no network/);
  });
});
