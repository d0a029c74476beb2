/** Height of a line in points, on a page of A4 (595 × 842). */
const lineHeight = 18;
const top = 780;
const left = 60;

/** A PDF (1.4) of one page with these lines; what is beyond Latin-1 becomes a question mark. */
export function pdfOf(title: string, lines: readonly string[]): Buffer {
  const shown = [
    `BT /F1 18 Tf ${left} ${top} Td (${escaped(title)}) Tj ET`,
    ...lines.map((line, place) => `BT /F1 11 Tf ${left} ${top - 40 - place * lineHeight} Td (${escaped(line)}) Tj ET`),
  ].join("\n");
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    `<</Length ${shown.length}>>\nstream\n${shown}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
  ];
  let body = "%PDF-1.4\n";
  const offsets = objects.map((object, place) => {
    const offset = body.length;
    body += `${place + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  const end = `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<</Size ${size}/Root 1 0 R>>\nstartxref\n${body.length}\n%%EOF\n`;
  return Buffer.from(body + end, "latin1");
}

function escaped(text: string): string {
  return text.replaceAll(/[^\x20-\xff]/g, "?").replaceAll(/[\\()]/g, "\\$&");
}
