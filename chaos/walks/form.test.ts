import { describe, expect, it } from "vitest";
import { fillForm, formsOf } from "./form.ts";

const page = `<form method="post" action="/other" data-options="{&quot;a&quot;:&quot;>&quot;}" hidden>
<input type="hidden" name="credential" value=""></form>
<form method="POST" action='/identity/interaction/1?a=1&amp;b=2'>
<input type="hidden" name="form" value="t&quot;oken&#39;"><input type="hidden" name="action" value="password">
<label for="login">Login</label><input id="login" name="login" type="text" autocomplete="username" required
 value="old">
<input id="password" name=password type="password"><input type="submit" name="go" value="Go"><input type="checkbox" name="keep">
<input type="radio" name="who" value="a"><input type="radio" name="who" value="b" checked>
<button type="submit">Sign in</button></form>`;

describe("a form", () => {
  it("is the one that asks for what is filled in, its hidden inputs with it", () => {
    expect(fillForm(page, { login: "marie", password: "s&cret" })).toEqual({
      action: "/identity/interaction/1?a=1&b=2",
      method: "post",
      fields: { form: `t"oken'`, action: "password", login: "marie", password: "s&cret", who: "b" },
    });
  });

  it("is none where nobody asks for that", () => {
    expect(fillForm(page, { code: "1" })).toBeUndefined();
    expect(fillForm("<p>no form</p>", {})).toBeUndefined();
  });

  it("may hold a > in an attribute, and is sent by GET unless it says otherwise", () => {
    expect(formsOf(page)[0]).toEqual({ action: "/other", method: "post", fields: { credential: "" } });
    expect(formsOf("<form><input name=q></form>")).toEqual([{ action: "", method: "get", fields: { q: "" } }]);
  });
});
