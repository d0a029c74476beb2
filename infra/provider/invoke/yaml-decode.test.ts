import { expect, it } from "vitest";
import { decodeYaml } from "./yaml-decode.ts";

it("reads YAML as Kubernetes does", () => {
  const [object] = decodeYaml("a: yes\nb: 0644\nc: 2020-01-02\nd: 22:30\ne: 1e3\nf: '0644'\ng: !!binary aGk=\nh: off\ny: n\n");
  expect(object).toMatchObject({ a: true, b: 420, c: "2020-01-02", d: "22:30", e: 1000, f: "0644", h: false, y: "n" });
});

it("reads several documents, leaves out empty ones, and follows anchors and merges", () => {
  const objects = decodeYaml("---\n# only a comment\n---\nbase: &base {x: 1}\nnext: {<<: *base, y: 2}\n---\n{}\n---\nb: 2\n...\n");
  expect(objects).toEqual([{ base: { x: 1 }, next: { x: 1, y: 2 } }, { b: 2 }]);
  expect(decodeYaml("")).toEqual([]);
});

it("refuses what is no manifest, saying where", () => {
  expect(() => decodeYaml("a: [1\nb: 2")).toThrow(/not valid YAML.*line/s);
  expect(() => decodeYaml("a: 1\na: 2")).toThrow(/unique/);
  expect(() => decodeYaml("- 1\n- 2")).toThrow(/no object/);
});
