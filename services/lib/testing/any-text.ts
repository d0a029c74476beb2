import fc from "fast-check";

/** Text of any UTF-16 code units: control characters, halves of surrogate pairs, and mostly what people write. */
export const anyText = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0x17f }).map((code) => String.fromCharCode(code)),
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  ),
});
