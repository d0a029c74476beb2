import { expect, it } from "vitest";
import { scopesForAccount, scopesForClient } from "./smart-scopes.ts";

const asked = ["openid", "launch/patient", "patient/*.rs", "user/Observation.cruds", "system/*.rs", "nonsense", "patient/Observation.sr"];

it("a software asks for what its kind may have", () => {
  expect(scopesForClient(asked, "smart-app", "code")).toEqual(["openid", "launch/patient", "patient/*.rs", "user/Observation.cruds"]);
  expect(scopesForClient(asked, "first-party", "client_credentials")).toEqual(["system/*.rs"]);
  expect(scopesForClient(asked, "backend", "client_credentials")).toEqual(["system/*.rs"]);
  expect(scopesForClient(asked, "smart-app", "client_credentials")).toEqual([]);
  expect(scopesForClient(asked, "backend", "code")).toEqual(["openid", "launch/patient"]);
});

it("an account gives what its role allows", () => {
  const scopes = ["openid", "launch/patient", "patient/*.rs", "user/*.rs", "system/*.rs"];
  expect(scopesForAccount(scopes, "patient", true)).toEqual(["openid", "launch/patient", "patient/*.rs"]);
  expect(scopesForAccount(scopes, "practitioner", false)).toEqual(["openid", "user/*.rs"]);
  expect(scopesForAccount(scopes, "practitioner", true)).toEqual(["openid", "launch/patient", "patient/*.rs", "user/*.rs"]);
  expect(scopesForAccount(scopes, "operator", false)).toEqual(["openid"]);
});
