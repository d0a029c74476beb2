import { describe, expect, it } from "vitest";
import { debianComponents, goComponents } from "./sbom.ts";

const goMod = `module dsp/toolchain/test

go 1.26.0

require example.org/alone v1.2.3

require (
	example.org/direct v0.1.0
	k8s.io/api v0.0.0 // indirect
	github.com/old/name v1.0.0+incompatible // indirect
)

replace (
	k8s.io/api => k8s.io/api v0.36.3
)

replace github.com/old/name => github.com/new/name v0.0.0-20241001131231-d02d263e614e
`;

describe("a list of components", () => {
  it("has what a Go module requires, in the place of what it replaces what replaces it", () => {
    expect(goComponents(goMod, "test").map(({ purl }) => purl)).toEqual([
      "pkg:golang/example.org/alone@v1.2.3",
      "pkg:golang/example.org/direct@v0.1.0",
      "pkg:golang/k8s.io/api@v0.36.3",
      "pkg:golang/github.com/new/name@v0.0.0-20241001131231-d02d263e614e",
    ]);
  });

  it("has the Debian packages of an image, each with the image's name", () => {
    expect(debianComponents("libc6\t2.41-12\nperl-base\t5.40.1-6+x\n\n", "dsp/edge:3")).toMatchObject([
      { name: "libc6", version: "2.41-12", purl: "pkg:deb/debian/libc6@2.41-12", properties: [{ value: "dsp/edge:3" }] },
      { purl: "pkg:deb/debian/perl-base@5.40.1-6%2Bx" },
    ]);
  });
});
