import { expect, it } from "vitest";
import { showReports } from "./audit.ts";

const head = { sequence: 12, hash: "a".repeat(64) };

it("says that the record is whole, and which head to keep", () => {
  const text = showReports([{ service: "record", sealed: 12, waiting: 1, head, defects: [] }]);
  expect(text).toContain("record: the audit record is whole");
  expect(text).toContain(`head  12:${head.hash}`);
});

it("names each defect by place and record", () => {
  const text = showReports([
    {
      service: "identity",
      sealed: 12,
      waiting: 0,
      head,
      defects: [
        { kind: "changed", sequence: 3, eventId: "e3" },
        { kind: "added", eventId: "e9" },
        { kind: "cut", sequence: 13 },
      ],
    },
  ]);
  expect(text).toContain("identity: the audit record is NOT whole: 3 defects");
  expect(text).toMatch(/record 3, e3 was changed[\s\S]*e9 was put in without a link[\s\S]*record 13 and what followed was cut off/);
});
