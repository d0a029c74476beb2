import { BlockList, isIP } from "node:net";

/** https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-: what is not a host on the public Internet. */
const special4 = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24"],
  ...["192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24"],
  ...["203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
];
const global6 = "2000::/3";
/** Within the global range: documentation, benchmarking, ORCHID, and tunnels that carry an IPv4 address of anybody's choice. */
const special6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix = ""] = network.split("/");
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

const refused4 = listOf(special4);
const allowed6 = listOf([global6]);
const refused6 = listOf(special6);

/** Networks in CIDR notation. @throws Error that names the one that is none */
export function parseNetworks(text: string): BlockList {
  const networks = text
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean);
  for (const network of networks) {
    const [, address = "", prefix = ""] = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(network) ?? [];
    const family = isIP(address);
    if (family === 0 || Number(prefix) > (family === 6 ? 128 : 32)) throw new Error(`${network} is no network such as 10.1.0.0/16`);
  }
  return listOf(networks);
}

/** Whether a webhook may go to this address: it is a host on the public Internet, or in a network that the operator allows. */
export function mayReach(address: string, allowed: BlockList): boolean {
  const family = isIP(address);
  if (family === 4) return allowed.check(address, "ipv4") || !refused4.check(address, "ipv4");
  // An IPv4 address in IPv6's clothes (mapped, NAT64) is outside the global range and so refused; zones are of links.
  if (family !== 6 || address.includes("%")) return false;
  return allowed.check(address, "ipv6") || (allowed6.check(address, "ipv6") && !refused6.check(address, "ipv6"));
}
