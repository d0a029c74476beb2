import { describe, expect, it } from "vitest";
import { contradicts, sniffType } from "./sniff-type.ts";

describe("sniffType", () => {
  it.each([
    [Buffer.from("%PDF-1.7\n"), "application/pdf"],
    [Buffer.from([0xff, 0xd8, 0xff, 0xe0]), "image/jpeg"],
    [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), "image/png"],
    [Buffer.from("Grüezi\r\n"), "text/plain"],
    [Buffer.from("<script>alert(1)</script>"), "text/plain"],
    [Buffer.from([0x4d, 0x5a, 0x90, 0x00]), undefined],
    [Buffer.from([0xc3, 0x28]), undefined],
  ])("%#", (bytes, type) => {
    expect(sniffType(bytes)).toBe(type);
  });
});

describe("contradicts", () => {
  it.each([
    ["application/pdf", Buffer.from("%PDF-1.7\n"), false],
    ["Application/PDF; version=1.7", Buffer.from("\n\n%PDF-1.7\n"), false],
    ["application/pdf", Buffer.from(`${" ".repeat(2000)}%PDF-1.7`), true],
    ["application/pdf", Buffer.from("<script>alert(1)</script>"), true],
    ["application/pdf", Buffer.alloc(0), true],
    ["image/png", Buffer.from([0xff, 0xd8, 0xff, 0xe0]), true],
    ["image/jpeg", Buffer.from([0xff, 0xd8, 0xff, 0xe0]), false],
    ["application/dicom", Buffer.from([0x4d, 0x5a]), false],
    ["text/plain", Buffer.from("%PDF-1.7"), false],
  ])("%s %#", (type, bytes, expected) => {
    expect(contradicts(type, bytes)).toBe(expected);
  });
});
