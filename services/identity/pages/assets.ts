/** Small enough to stand here; contrast at least 4.5 : 1 in both schemes. */
export const style = `:root{color-scheme:light dark;--ground:#fff;--ink:#1b2733;--soft:#52606d;--line:#7b8794;--accent:#00567a;--on-accent:#fff;--bad:#a61b1b;--bad-ground:#fdecec;--good-ground:#e8f5ee}
@media (prefers-color-scheme:dark){:root{--ground:#14191f;--ink:#e8edf2;--soft:#a9b6c3;--line:#7b8794;--accent:#7cc7ea;--on-accent:#06202d;--bad:#ff9d9d;--bad-ground:#3a1717;--good-ground:#123524}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:.5rem 1rem;justify-content:space-between;padding:.75rem 1rem;border-bottom:1px solid var(--line)}
header p{margin:0;font-weight:600}
nav{display:flex;gap:1rem}
a{color:var(--accent)}
main{max-width:28rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.5rem;line-height:1.25}
h2{font-size:1.2rem;margin:2rem 0 .5rem}
.field{margin:1rem 0}
label{display:block;font-weight:600}
.hint{margin:0;color:var(--soft);font-size:.9rem}
input[type=text],input[type=password]{width:100%;padding:.6rem;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:.3rem}
input[aria-invalid]{border:2px solid var(--bad)}
button{width:100%;min-height:2.75rem;margin:.5rem 0;padding:.5rem 1rem;font:inherit;font-weight:600;color:var(--on-accent);background:var(--accent);border:2px solid var(--accent);border-radius:.3rem;cursor:pointer}
button.quiet{color:var(--accent);background:transparent}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.error,.notice{padding:.75rem;border-left:.3rem solid var(--bad);background:var(--bad-ground)}
.notice{border-color:var(--accent);background:var(--good-ground)}
.key,code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}
.show{display:flex;gap:.5rem;align-items:center;min-height:2.75rem;font-weight:400}
.show input{width:1.25rem;height:1.25rem;accent-color:var(--accent)}
fieldset{border:0;margin:1rem 0;padding:0}
legend{font-weight:600;padding:0}
fieldset label{font-weight:400;padding:.4rem 0;min-height:2.75rem}
ul{padding-left:1.2rem}
`;

/**
 * Gives each password a box that shows it; shows the passkey buttons where the browser has passkeys, and sends what the authenticator says
 * with the form.
 */
export const pageScript = `"use strict";
(() => {
  for (const input of document.querySelectorAll("input[data-show]")) {
    const box = document.createElement("input");
    box.type = "checkbox";
    const label = document.createElement("label");
    label.className = "show";
    label.append(box, " ", input.dataset.show);
    input.after(label);
    const apply = () => { input.type = box.checked ? "text" : "password"; };
    box.addEventListener("change", apply);
    // Browsers keep what is in a text field; a password is none.
    input.form.addEventListener("submit", () => { box.checked = false; apply(); });
  }
})();
(() => {
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) return;
  const serve = (id, ask) => {
    const form = document.getElementById(id);
    if (!form) return;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      const answer = form.elements.namedItem("credential");
      if (answer.value !== "") return;
      event.preventDefault();
      try {
        answer.value = JSON.stringify((await ask(JSON.parse(form.dataset.options))).toJSON());
        form.requestSubmit();
      } catch {
        answer.value = "";
      }
    });
  };
  serve("passkey-get", (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }));
  serve("passkey-create", (options) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }));
})();
`;
