import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkColumns, parseLine, roleId } from "./parse-line.ts";
import { parseRow, separatorOf, splitRecords } from "./split-records.ts";

async function all(records: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const record of records) found.push(record);
  return found;
}

async function split(text: string, chunkBytes: number, csv: boolean, maxBytes = 100_000): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < bytes.length; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes);
  }
  return await all(splitRecords(chunks(), { csv, maxBytes }));
}

describe("splitting a file into records", () => {
  it("gives the same lines wherever the network cut them", async () => {
    const line = fc.stringMatching(/^[a-zä€ ,{}:]{1,20}$/).filter((text) => text.trim() !== "");
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 9 }), async (lines, size) => {
        expect(await split(lines.join("\r\n"), size, false)).toEqual(lines);
        expect(await split(`${lines.join("\n\n")}\n`, size, true)).toEqual(lines);
      }),
    );
  });

  it("keeps a quoted line break in its value", async () => {
    expect(await split('a,"b\nc"\nd,e', 2, true)).toEqual(['a,"b\nc"', "d,e"]);
  });

  it("refuses what is too long or not UTF-8", async () => {
    await expect(split("x".repeat(11), 3, false, 10)).rejects.toMatchObject({ status: 413 });
    await expect(split("a\0b", 2, false)).rejects.toMatchObject({ status: 400 });
    await expect(split("x".repeat(70_000), 9000, false)).rejects.toMatchObject({ status: 400 });
    async function* bad(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(0xff, 0x0a);
    }
    await expect(all(splitRecords(bad(), { csv: false, maxBytes: 10 }))).rejects.toMatchObject({ status: 400 });
  });

  it("reads back any values of a row", () => {
    const value = fc.string({ maxLength: 10 }).map((text) => text.trim());
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), (values) => {
        const row = values.map((text) => `"${text.replaceAll('"', '""')}"`).join(";");
        expect(parseRow(row, ";")).toEqual(values.map((text) => text.trim()));
      }),
    );
    expect(separatorOf("a;b;c")).toBe(";");
    expect(() => parseRow('"a', ",")).toThrow("not closed");
  });
});

describe("a line", () => {
  const columns = ["national_number", "family", "given", "birth_date"];

  it("of CSV is a patient", () => {
    const [found] = parseLine("patients", "1958 0314 90123,Test-Weber,Marie Anne,1958-03-14", columns, ",");
    expect(found).toMatchObject({
      type: "Patient",
      body: {
        birthDate: "1958-03-14",
        name: [{ family: "Test-Weber", given: ["Marie", "Anne"] }],
        identifier: [{ value: "1958031490123" }],
      },
    });
  });

  it("of professionals is the person and the role, the role's id always the same", () => {
    const names = ["identifier_system", "identifier", "family", "given", "profession", "organization_id"];
    const found = parseLine("practitioners", "urn:x;7;Test-Lentz;Paul;physician;demo-hospital", names, ";");
    expect(found.map(({ type }) => type)).toEqual(["Practitioner", "PractitionerRole"]);
    expect(roleId("a", "b")).toBe(roleId("a", "b"));
    expect(roleId("a", "b")).not.toBe(roleId("b", "a"));
  });

  it("says what is wrong with it", () => {
    expect(() => parseLine("patients", "1,2", columns, ",")).toThrow("2 values");
    expect(() => parseLine("patients", ",,Marie,1958-03-14", columns, ",")).toThrow("No value for family");
    expect(() => parseLine("patients", '{"resourceType":"Practitioner"}', null, ",")).toThrow("An import of patients takes Patient");
    expect(() => checkColumns("patients", ["family", "given"])).toThrow("birth_date");
    expect(() => checkColumns("patients", ["family", "given", "birth_date", "shoe_size"])).toThrow("not known");
  });
});
