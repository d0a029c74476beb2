import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flag, Html, html } from "./html.ts";

describe("html", () => {
  it("escapes what it is given, lists included, and leaves out what is not there", () => {
    const name = `<b>"A" & 'B'</b>`;
    expect(html`<p title="${name}">${name}${undefined}${false}${[1, html`<br>`]}</p>`.text).toBe(
      `<p title="&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/b&gt;">&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/b&gt;1<br></p>`,
    );
  });

  it("lets no text open a tag or end an attribute, whatever it is", () => {
    fc.assert(fc.property(fc.string(), (text) => !/[<>"']/.test(html`${text}`.text)));
  });

  it("writes flags", () => {
    expect(html`<input${flag("checked", true)}${flag("required", false)}>`).toEqual(new Html("<input checked>"));
  });
});
