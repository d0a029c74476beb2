import { expect, it } from "vitest";
import { isEasilyGuessed } from "./password-strength.ts";

it("knows passwords that are tried first", async () => {
  const guessed = ["password1234", "123456789012", "qwertzuiop12", "aaaaaaaaaaaa", "iloveyou1234"];
  for (const each of guessed) expect(await isEasilyGuessed(each, ["marie", "Marie Test-Weber"]), each).toBe(true);
});

it("takes sentences and what a password manager makes, in any language", async () => {
  const good = ["Test-Satz mit vielen Wörtern", "vB7#kq9!Lw2x", "quatre girafes mangent lentement", "korrekt Pferd Batterie Heftklammer"];
  for (const each of good) expect(await isEasilyGuessed(each, ["marie", "Marie Test-Weber"]), each).toBe(false);
});

it("tells what is known of the person from what is not", async () => {
  expect(await isEasilyGuessed("Tschiderer1985", ["tschiderer", "Dr Test-Tschiderer"])).toBe(true);
  expect(await isEasilyGuessed("Tschiderer1985", ["marie", "Marie Test-Weber"])).toBe(false);
});
