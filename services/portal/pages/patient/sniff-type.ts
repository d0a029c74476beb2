const signatures: readonly { type: string; bytes: readonly number[] }[] = [
  { type: "application/pdf", bytes: [0x25, 0x50, 0x44, 0x46, 0x2d] },
  { type: "image/png", bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { type: "image/jpeg", bytes: [0xff, 0xd8, 0xff] },
];

/** What a file really is, of the kinds that are taken; its name and what the browser says of it may be wrong. Undefined: none of them. */
export function sniffType(bytes: Uint8Array): string | undefined {
  const known = signatures.find((each) => each.bytes.every((byte, place) => bytes[place] === byte));
  if (known) return known.type;
  return isText(bytes) ? "text/plain" : undefined;
}

function isText(bytes: Uint8Array): boolean {
  try {
    return !/(?![\t-\r])\p{Cc}/u.test(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return false;
  }
}
