import { expect, test } from "vitest";
import { gatewayOf, parseSubnet, virtualIpOf } from "./network.ts";

test("the virtual IP lies in the last /24 of the nodes' range", () => {
  expect(virtualIpOf("172.28.0.0/16")).toBe("172.28.255.1");
  expect(virtualIpOf("10.9.0.0/16")).toBe("10.9.255.1");
});

test("this machine has the first address of the nodes' range", () => {
  expect(gatewayOf("172.28.0.0/16")).toBe("172.28.0.1");
});

test.each(["172.28.0.0/24", "172.28.1.0/16", "8.8.0.0/16", "172.32.0.0/16", "10.256.0.0/16", "10.0.0.0/16; reboot", ""])(
  "%s is refused as a range",
  (range) => {
    expect(() => parseSubnet(range)).toThrow(/not a private IPv4 range/);
  },
);
