import type { Target } from "../target.ts";

const notAsked = () => Promise.reject(new Error("not asked for in this test"));

/** A platform of which a test says what it is asked for: everything else fails. A node's shell is one of the engine's commands. */
export function bareTarget(known: Partial<Target> = {}): Target {
  const target: Target = {
    stack: "lab",
    kind: "lab",
    production: false,
    namespace: "dsp",
    publicUrl: "https://192.0.2.1/fhir",
    caFile: "/nowhere",
    environment: {},
    reports: "/nowhere",
    makeToken: async () => "token",
    makeUserToken: async () => "token",
    readDemoPassword: async () => "password",
    readStatus: notAsked,
    askApi: notAsked,
    runInPod: notAsked,
    run: notAsked,
    runOnNode: (node, script, args, timeoutMs) =>
      target.run("docker", ["exec", node, "bash", "-euo", "pipefail", "-c", script, "fault", ...args], { timeoutMs }),
    ...known,
  };
  return target;
}
