import { describe, expect, it } from "vitest";
import { ownFileSystem, parseMounts } from "./own-volume.ts";

const node = parseMounts(`1 0 0:50 / / rw - overlay overlay rw
2 1 254:0 /volumes/df40/_data /var rw,relatime - ext4 /dev/vda rw,discard
3 2 7:0 / /var/local-path-provisioner/pvc-6a_dsp_pg-1 rw,relatime - ext4 /dev/loop0 rw`);

const container = (root: string, number: string, device: string) =>
  parseMounts(`10 1 0:60 / / ro - overlay overlay rw
11 10 ${number} ${root} /var/lib/postgresql/data rw,relatime - ext4 ${device} rw`);

describe("ownFileSystem", () => {
  it("finds a volume that is a file system of its own", () => {
    expect(ownFileSystem(container("/", "7:0", "/dev/loop0"), node)).toMatchObject({ device: "/dev/loop0", number: "7:0" });
  });

  it("refuses a folder of the node's disk, and one of a disk that other volumes share", () => {
    expect(ownFileSystem(container("/volumes/df40/_data/local-path-provisioner/pvc", "254:0", "/dev/vda"), node)).toBeUndefined();
    expect(ownFileSystem(container("/pvc-1", "8:16", "/dev/sdb"), node)).toBeUndefined();
  });

  it("refuses the whole of a disk that the node itself stands on, and a container without the volume", () => {
    expect(ownFileSystem(container("/", "254:0", "/dev/vda"), node)).toBeUndefined();
    expect(ownFileSystem(parseMounts("10 1 0:60 / / ro - overlay overlay rw"), node)).toBeUndefined();
  });
});
