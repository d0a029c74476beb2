/** `within`: how many bytes may come before; readers of PDF take a kilobyte. */
const signatures: readonly { type: string; bytes: readonly number[]; within: number }[] = [
  { type: "application/pdf", bytes: [0x25, 0x50, 0x44, 0x46, 0x2d], within: 1024 },
  { type: "image/png", bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], within: 0 },
  { type: "image/jpeg", bytes: [0xff, 0xd8, 0xff], within: 0 },
];

/** What a file really is, of the kinds that are taken; its name and what the browser says of it may be wrong. Undefined: none of them. */
export function sniffType(bytes: Uint8Array): string | undefined {
  const known = signatures.find((each) => each.bytes.every((byte, place) => bytes[place] === byte));
  if (known) return known.type;
  return isText(bytes) ? "text/plain" : undefined;
}

/**
 * Whether a document is of a kind that shows itself in its first bytes, and is not what it is said to be. What no signature is known of may be anything.
 * @param contentType as its sender says, parameters included
 * @param bytes its beginning, of 1 KiB or more where it is that long
 */
export function contradicts(contentType: string, bytes: Uint8Array): boolean {
  const said = contentType.split(";")[0]?.trim().toLowerCase();
  const expected = signatures.find(({ type }) => type === said);
  return (
    expected !== undefined && !Buffer.from(bytes.subarray(0, expected.within + expected.bytes.length)).includes(Buffer.from(expected.bytes))
  );
}

function isText(bytes: Uint8Array): boolean {
  try {
    return !/(?![\t-\r])\p{Cc}/u.test(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return false;
  }
}
