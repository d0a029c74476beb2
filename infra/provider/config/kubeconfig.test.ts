import { expect, it } from "vitest";
import { loadKubeConfig } from "./kubeconfig.ts";
import { readSettings } from "./settings.ts";

const content = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [
    { name: "one", cluster: { server: "https://one" } },
    { name: "two", cluster: { server: "https://two" } },
  ],
  users: [{ name: "me", user: { token: "sesame" } }],
  contexts: [
    { name: "first", context: { cluster: "one", user: "me", namespace: "ns" } },
    { name: "second", context: { cluster: "two", user: "me" } },
  ],
  "current-context": "first",
});

const load = (settings: Record<string, string>) => loadKubeConfig(readSettings(settings, {}).settings);

it("takes content and chooses context and cluster", () => {
  expect(load({ kubeconfig: content }).getCurrentCluster()?.server).toBe("https://one");
  expect(load({ kubeconfig: content, context: "second" }).getCurrentCluster()?.server).toBe("https://two");
  const chosen = load({ kubeconfig: content, cluster: "two" });
  expect([chosen.getCurrentCluster()?.server, chosen.getCurrentUser()?.token]).toEqual(["https://two", "sesame"]);
});

it("says what is missing", () => {
  expect(() => load({ kubeconfig: content, context: "third" })).toThrow(/no context "third"; it has first, second/);
  expect(() => load({ kubeconfig: content, cluster: "three" })).toThrow(/no cluster "three"/);
  expect(() => load({ kubeconfig: "/nowhere/config" })).toThrow(/\/nowhere\/config: there is no such file/);
});

it("quotes nothing of a kubeconfig it cannot parse", () => {
  const message = (() => {
    try {
      load({ kubeconfig: "apiVersion: v1\nusers:\n- token: sesame\n  bad: [\n" });
      return "";
    } catch (error) {
      return String(error);
    }
  })();
  expect(message).toMatch(/cannot read the kubeconfig given as text/);
  expect(message).not.toContain("sesame");
});
