import http from "node:http";
import type { AddressInfo } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Json } from "../json.ts";
import { ApiError, CancelledError, isTransient, UnknownKindError, UnreachableError } from "./api-error.ts";
import { Cluster } from "./cluster.ts";

/** An API server of a few answers. */
type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

const answers = new Map<string, Answer>();
const seen: string[] = [];
const server = http.createServer((request, response) => {
  seen.push(`${request.method} ${request.url}`);
  const answer = answers.get(`${request.method} ${request.url?.split("?")[0]}`);
  if (answer) answer(request, response);
  else send(404, "404 page not found")(request, response);
});
let cluster: Cluster;
const { signal } = new AbortController();
const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "n" } };
const path = "/api/v1/namespaces/n/configmaps/a";

function send(status: number, body: Json, headers: Record<string, string> = {}): Answer {
  return (_, response) => void response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const kubeConfig = new KubeConfig();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  kubeConfig.loadFromClusterAndUser({ name: "c", server: url, skipTLSVerify: true }, { name: "u", token: "sesame" });
  cluster = new Cluster(kubeConfig);
});

beforeEach(() => {
  answers.clear();
  const resources = [
    { name: "configmaps", kind: "ConfigMap", namespaced: true },
    { name: "configmaps/status", kind: "Other", namespaced: true },
  ];
  answers.set("GET /api/v1", send(200, { resources }));
});

afterAll(() => void server.close());

it("reads objects with the kubeconfig's credentials; none is none", async () => {
  answers.set(`GET ${path}`, (request, response) =>
    send(request.headers.authorization === "Bearer sesame" ? 200 : 401, object)(request, response),
  );
  expect(await cluster.get({ ...object, namespace: "n", name: "a" }, signal)).toEqual(object);
  answers.set(`GET ${path}`, send(404, { kind: "Status", reason: "NotFound", message: 'configmaps "a" not found' }));
  expect(await cluster.get({ ...object, namespace: "n", name: "a" }, signal)).toBeUndefined();
});

it("does not take a path that is not served for an object that is gone", async () => {
  await expect(cluster.get({ ...object, namespace: "n", name: "a" }, signal)).rejects.toThrow(UnknownKindError);
  await expect(cluster.get({ apiVersion: "example.com/v1", kind: "Nothing", name: "a" }, signal)).rejects.toThrow(UnknownKindError);
});

it("applies with its field manager and passes warnings on", async () => {
  answers.set(`PATCH ${path}`, send(200, object, { warning: '299 - "spec.x is deprecated", 299 - "and \\"more\\""' }));
  const options = { fieldManager: "me", force: false, dryRun: true, signal };
  const applied = await cluster.apply(object, { ...object, namespace: "n", name: "a" }, options);
  expect(applied.warnings).toEqual(["spec.x is deprecated", 'and "more"']);
  expect(seen.at(-1)).toBe(`PATCH ${path}?fieldManager=me&force=false&dryRun=All`);
});

it("creates what cannot be applied", async () => {
  answers.set(`PATCH ${path}`, send(405, { message: "not allowed" }));
  answers.set("POST /api/v1/namespaces/n/configmaps", send(201, object));
  const options = { fieldManager: "me", force: false, dryRun: false, signal };
  expect((await cluster.apply(object, { ...object, namespace: "n", name: "a" }, options)).object).toEqual(object);
});

it("tells a broken connection, an error and a cancellation apart", async () => {
  const get = (by: AbortSignal) => cluster.get({ ...object, namespace: "n", name: "a" }, by).catch((error: unknown) => error);
  answers.set(`GET ${path}`, (request) => void request.socket.destroy());
  const broken = await get(signal);
  expect(broken).toBeInstanceOf(UnreachableError);
  expect(isTransient(broken)).toBe(true);
  answers.set(`GET ${path}`, send(429, { message: "slow down" }, { "retry-after": "2" }));
  const limited = await get(signal);
  expect(limited).toBeInstanceOf(ApiError);
  expect((limited as ApiError).retryAfterMs).toBe(2000);
  const cancel = new AbortController();
  answers.set(`GET ${path}`, () => cancel.abort());
  expect(await get(cancel.signal)).toBeInstanceOf(CancelledError);
});

it("reads a watch however it is cut into pieces", async () => {
  const events = [
    { type: "ADDED", object },
    { type: "MODIFIED", object: { ...object, data: { umlaut: "ü" } } },
  ];
  const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  answers.set("GET /api/v1/namespaces/n/configmaps", (_, response) => {
    response.writeHead(200);
    const umlaut = bytes.indexOf("ü") + 1;
    response.write(bytes.subarray(0, umlaut));
    setTimeout(() => response.end(bytes.subarray(umlaut)), 20);
  });
  const received: unknown[] = [];
  await cluster.watch({ ...object, namespace: "n", name: "a" }, "5", (type, item) => received.push({ type, object: item }), signal);
  expect(received).toEqual(events);
  expect(seen.at(-1)).toMatch(/watch=true&fieldSelector=metadata\.name%3Da.*resourceVersion=5/);
});
