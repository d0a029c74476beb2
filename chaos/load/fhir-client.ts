/** What set-up and aftermath ask of the public address: few requests, on a platform that is whole. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Target } from "../target.ts";

const attemptMs = 10_000;
const attemptsMax = 6;
const pauseMs = 1_000;

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

export interface Question {
  method?: "GET" | "POST";
  /** Below the FHIR address, or a whole URL at it. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface FhirClient {
  /** @throws Error when there is no answer of 2xx after several attempts */
  call(question: Question): Promise<Answer>;
  close(): void;
}

/** A client with the load's token. It repeats what gets no answer or 5xx: a write must carry its Idempotency-Key. */
export function connectFhir(target: Target, token: string): FhirClient {
  const agent = new Agent({ ca: readFileSync(target.caFile), keepAlive: true, maxSockets: 4 });
  const once = ({ method = "GET", path, headers = {}, body }: Question): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const url = path.startsWith("https:") ? path : `${target.publicUrl}/${path}`;
      const common = { authorization: `Bearer ${token}`, accept: "application/fhir+json" };
      const content = body === undefined ? {} : { "content-type": "application/fhir+json", "content-length": Buffer.byteLength(body) };
      const options = { method, agent, headers: { ...common, ...content, ...headers }, signal: AbortSignal.timeout(attemptMs) };
      const asked = request(url, options, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString("utf8") }),
        );
      });
      asked.on("error", reject);
      asked.end(body);
    });
  const call = async (question: Question): Promise<Answer> => {
    const what = `${question.method ?? "GET"} ${question.path}`;
    for (let attempt = 1; ; attempt++) {
      const answer = await once(question).catch((failure: Error) => failure);
      if (!(answer instanceof Error) && answer.status >= 200 && answer.status < 300) return answer;
      const reason = answer instanceof Error ? answer.message : `HTTP ${answer.status} ${answer.body.slice(0, 200)}`;
      const hopeless = !(answer instanceof Error) && answer.status < 500 && answer.status !== 429;
      if (hopeless || attempt >= attemptsMax) throw new Error(`${what}: ${reason}`);
      await delay(pauseMs);
    }
  };
  return { call, close: () => agent.destroy() };
}

const bundleSchema = z.object({
  entry: z.array(z.object({ resource: z.unknown() })).default([]),
  link: z.array(z.object({ relation: z.string(), url: z.string() })).default([]),
});

/** Every resource that a search finds, page by page, in the primary's own words. @throws Error */
export async function searchAll(client: FhirClient, query: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let next: string | undefined = query; next !== undefined; ) {
    const { body } = await client.call({ path: next, headers: { "cache-control": "no-cache" } });
    const page: z.infer<typeof bundleSchema> = bundleSchema.parse(JSON.parse(body));
    found.push(...page.entry.map(({ resource }) => resource));
    next = page.link.find(({ relation }) => relation === "next")?.url;
  }
  return found;
}
