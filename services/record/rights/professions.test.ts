import { describe, expect, it } from "vitest";
import { documentTypes } from "./document-types.ts";
import { professions, softwareRights } from "./professions.ts";

describe("software of an organisation", () => {
  it("feeds a record and reads nothing that nobody allowed it", () => {
    expect(softwareRights.readable).toEqual([]);
    expect(documentTypes.filter((type) => !softwareRights.writable.includes(type))).toEqual(["own-notes", "consent", "notice"]);
  });

  it("writes nothing that no profession may write", () => {
    const written = new Set([...professions.values()].flatMap(({ writable }) => writable));
    expect(softwareRights.writable.filter((type) => !written.has(type))).toEqual([]);
  });
});
