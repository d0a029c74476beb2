import { expect, it } from "vitest";
import { readChartOptions } from "./helm-template.ts";

it("reads what helm.v3.Chart asks for", () => {
  const options = {
    release_name: "redis",
    path: "charts/redis",
    namespace: "dsp",
    values: { a: 1 },
    skip_crd_rendering: true,
    api_versions: ["a/v1"],
    fetch_opts: { devel: true },
  };
  expect(readChartOptions(JSON.stringify(options))).toMatchObject({
    releaseName: "redis",
    chart: "charts/redis",
    namespace: "dsp",
    values: { a: 1 },
    skipCrds: true,
    includeTestHooks: false,
    apiVersions: ["a/v1"],
    flags: ["--devel"],
  });
});

it("reads charts of repositories", () => {
  const options = { release_name: "x", chart: "nginx", version: "1.2.3", fetch_opts: { repo: "https://charts.example", username: "me" } };
  expect(readChartOptions(JSON.stringify(options))).toMatchObject({
    chart: "nginx",
    version: "1.2.3",
    repository: "https://charts.example",
    flags: ["--username", "me"],
  });
  expect(readChartOptions(JSON.stringify({ release_name: "x", chart: "nginx", repo: "stable" })).chart).toBe("stable/nginx");
});

it("refuses options without a chart", () => {
  expect(() => readChartOptions("{}")).toThrow(/needs a name/);
  expect(() => readChartOptions("no")).toThrow(/not a JSON object/);
});
