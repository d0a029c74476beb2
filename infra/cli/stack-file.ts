/** Reads what the commands need from a stack's settings file, without starting Pulumi: they must be quick, and must work while it does not. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { readLabFacts } from "../lab/facts.ts";
import { paths } from "../lab/paths.ts";
import { platformServices } from "../services.ts";
import { issuerOf } from "../token-issuer.ts";
import type { KubernetesTarget } from "./platform/kubernetes-api.ts";
import { StepError } from "./recipe.ts";

const fileSchema = z.object({ config: z.record(z.string(), z.unknown()).default({}) });

const settingsSchema = z.object({
  kind: z.string().default("lab"),
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  publicUrl: z.string(),
  services: z.array(z.string()).default(platformServices.map(({ name }) => name)),
  sites: z.object({ a: z.string(), b: z.string(), witness: z.string() }).default({ a: "site-a", b: "site-b", witness: "witness" }),
  edge: z.object({ virtualIp: z.string().optional() }).default({}),
  token: z.object({ issuer: z.string().optional(), audience: z.string().default("dsp") }).prefault({}),
  production: z.union([z.boolean(), z.stringbool()]).optional(),
});

export interface StackFile {
  kind: string;
  /** People depend on it. Whatever is no lab is, unless its settings say otherwise. */
  production: boolean;
  publicUrl: string;
  /** Those that run. */
  services: string[];
  virtualIp: string | undefined;
  sites: { a: string; b: string; witness: string };
  token: { issuer: string; audience: string };
  kubernetes: KubernetesTarget;
  /** The certificate authority to trust at the public address. */
  caFile: string;
}

/** Addresses of the lab's API servers: the load balancer before them may be what is broken. */
function labServers(): string[] {
  return readLabFacts()?.controlPlanes.map(({ address }) => `https://${address}:6443`) ?? [];
}

function parseMaybe(value: unknown): unknown {
  return typeof value === "string" && /^\s*[[{]/.test(value) ? JSON.parse(value) : value;
}

/**
 * Reads the settings of a stack from infra/stacks.
 * @throws StepError when there is no such stack or its file lacks what is needed
 */
export function readStackFile(stack: string): StackFile {
  const file = join(paths.checkout, `infra/stacks/Pulumi.${stack}.yaml`);
  if (!existsSync(file)) {
    throw new StepError(
      `there is no stack "${stack}" here (${file} is missing)`,
      stack === "lab" ? "Bring the lab up first: ./dsp up" : "Make it as the README describes: pulumi stack init, then its settings.",
    );
  }
  const { config } = fileSchema.parse(parse(readFileSync(file, "utf8")) ?? {});
  const own = Object.entries(config).filter(([key]) => key.startsWith("dsp:"));
  const settings = settingsSchema.safeParse(Object.fromEntries(own.map(([key, value]) => [key.slice("dsp:".length), parseMaybe(value)])));
  if (!settings.success) {
    const problems = settings.error.issues.map((issue) => `dsp:${issue.path.join(".")} ${issue.message}`);
    throw new StepError(`the settings of stack "${stack}" are not usable: ${problems.join("; ")}`, `Repair ${file}, or run ./dsp up.`);
  }
  const { kind, kubeconfig, context, publicUrl, services, sites, edge, token, production } = settings.data;
  return {
    kind,
    production: production ?? kind !== "lab",
    publicUrl,
    services,
    sites,
    token: { ...token, issuer: token.issuer ?? issuerOf(publicUrl) },
    virtualIp: edge.virtualIp,
    kubernetes: {
      kubeconfig: kubeconfig ?? process.env.KUBECONFIG ?? paths.kubeconfig,
      context,
      otherServers: kind === "lab" ? labServers() : [],
    },
    caFile: kind === "lab" ? paths.certificateAuthority : join(paths.state, `ca-${stack}.pem`),
  };
}

/** The arguments by which kubectl finds a namespace of that stack. */
export function kubectlTarget({ kubernetes }: Pick<StackFile, "kubernetes">, namespace: string): string[] {
  const context = kubernetes.context === undefined ? [] : ["--context", kubernetes.context];
  return ["--kubeconfig", kubernetes.kubeconfig, "--namespace", namespace, ...context];
}
