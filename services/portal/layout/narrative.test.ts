import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { narrativeHtml, withoutEmptyColumns } from "./narrative.ts";

describe("narrativeHtml", () => {
  it("keeps structure and texts, and drops attributes", () => {
    const div = `<div xmlns="http://www.w3.org/1999/xhtml" lang="en"><table><tr><td class="x">A &amp; B</td><td/></tr></table><br/>C</div>`;
    expect(narrativeHtml(div).text).toBe("<div><table><tr><td>A &amp; B</td><td></td></tr></table><br>C</div>");
  });

  it.each([
    [`<p onclick="x()">a</p>`, "<p>a</p>"],
    [`<script>x()</script>`, "&lt;script&gt;x()&lt;/script&gt;"],
    [`<img src=x onerror=y>`, "&lt;img src=x onerror=y&gt;"],
    [`<P>a`, "&lt;P&gt;a"],
    [`</div><ul><li>a`, "<ul><li>a</li></ul>"],
    [`&lt;b&gt;`, "&lt;b&gt;"],
  ])("%s", (div, text) => {
    expect(narrativeHtml(div).text).toBe(text);
  });

  it("is well-formed and free of attributes, whatever comes", () => {
    const piece = fc.constantFrom(
      "<p>",
      "</p>",
      "<ul>",
      "<li>",
      "</ul>",
      "<br/>",
      "<script>",
      "<a href='x'>",
      "&",
      "<",
      ">",
      "x",
      '"',
      "<div a='>'>",
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const { text } = narrativeHtml(pieces.join(""));
        const open: string[] = [];
        for (const [, closing, name = ""] of text.matchAll(/<(\/?)([^>]*)>/g)) {
          expect(name).toMatch(/^[a-z]+$/);
          if (closing) expect(open.pop()).toBe(name);
          else if (name !== "br") open.push(name);
        }
        expect(open).toEqual([]);
        expect(text).not.toContain("<script");
      }),
    );
  });
});

describe("withoutEmptyColumns", () => {
  it("leaves out what no row says, and nothing else", () => {
    const table = (...rows: string[]) => `<p>x</p><table><thead>${rows[0]}</thead><tbody>${rows.slice(1).join("")}</tbody></table>`;
    const row = (name: "th" | "td", ...cells: string[]) => `<tr>${cells.map((cell) => `<${name}>${cell}</${name}>`).join("")}</tr>`;
    expect(withoutEmptyColumns(table(row("th", "A", "B", "C"), row("td", "1", "", ""), row("td", "2", " ", "x")))).toBe(
      table(row("th", "A", "C"), row("td", "1", ""), row("td", "2", "x")),
    );
    const uneven = table(row("th", "A", "B"), row("td", "1"));
    expect(withoutEmptyColumns(uneven)).toBe(uneven);
  });
});
