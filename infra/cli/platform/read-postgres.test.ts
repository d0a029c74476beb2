import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import type { KubernetesApi } from "./kubernetes-api.ts";
import { readPostgres } from "./read-postgres.ts";

function pod(name: string): V1Pod {
  return {
    metadata: { name, namespace: "dsp", labels: { "cnpg.io/podRole": "instance" } },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
}

/** Answers for each pod as its manager would; a pod without an answer is silent. */
function apiOf(answers: Record<string, unknown>): KubernetesApi {
  return {
    server: "https://192.0.2.1:6443",
    get: async <T>(path: string) => {
      const name = /\/namespaces\/dsp\/pods\/https:(.+):8000\/proxy\/pg\/status$/.exec(path)?.[1] ?? "";
      if (!(name in answers)) throw new Error("no answer within 2 s");
      return answers[name] as T;
    },
    exec: () => Promise.reject(new Error("nothing is to be started in a pod")),
  };
}

const streaming = (applicationName: string, replayLsn?: string) => ({
  applicationName,
  state: "streaming",
  syncState: "quorum",
  replayLsn,
});
const read = (answers: Record<string, unknown>) => readPostgres(apiOf(answers), 3, ["pg-1", "pg-2", "pg-3"].map(pod), () => "site-a");

describe("readPostgres", () => {
  it("takes roles from the instances, and each standby's lag from the primary", async () => {
    const replicationInfo = [streaming("pg-3", "1/0"), { ...streaming("pg-2", "1/0"), state: "catchup" }];
    const { primary, instances } = await read({
      "pg-1": { isPrimary: true, currentLsn: "1/10", replicationInfo },
      "pg-2": { isPrimary: false },
      "pg-3": { isPrimary: false },
    });
    expect(primary).toBe("pg-1");
    expect(instances.map(({ name, role, lagBytes, sync }) => [name, role, lagBytes, sync])).toEqual([
      ["pg-1", "primary", 0, null],
      ["pg-2", "standby", null, null],
      ["pg-3", "standby", 16, "quorum"],
    ]);
  });

  it("counts a log that passes four gigabytes, and no standby as ahead", async () => {
    const replicationInfo = [streaming("pg-2", "0/FFFFFFFF"), streaming("pg-3", "1/20"), streaming("other")];
    const { instances } = await read({
      "pg-1": { isPrimary: true, currentLsn: "1/0", replicationInfo },
      "pg-2": {},
      "pg-3": { isPrimary: false },
    });
    expect(instances.map(({ role, lagBytes }) => [role, lagBytes])).toEqual([
      ["primary", 0],
      ["unknown", 1],
      ["standby", 0],
    ]);
  });

  it("knows no primary where nobody says that it is one", async () => {
    const { primary, instances } = await read({ "pg-2": { isPrimary: false } });
    expect(primary).toBeNull();
    expect(instances.map(({ role }) => role)).toEqual(["unknown", "standby", "unknown"]);
  });
});
