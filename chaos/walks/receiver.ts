/** A software's own server, to which the platform's notifications go. */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer, type Server } from "node:https";
import { z } from "zod";
import type { ReceiverPlace } from "../target.ts";

/** The port that a platform lets its pods reach outside; where it is taken, any other, which a lab without network policies lets through too. */
const usualPort = 443;
const bodyMaxBytes = 256 * 1024;

/** One event of one notification, each time that it came. */
export interface Notification {
  /** Milliseconds since 1970. */
  atMs: number;
  /** `Observation/1f0…` */
  focus: string;
  /** By which repetitions are known. */
  number: number;
}

export interface Receiver {
  readonly url: string;
  /** In the order in which they came; the list grows. */
  readonly notifications: readonly Notification[];
  /** Whether the platform has asked whether anybody listens. */
  greeted(): boolean;
  /** Notifications that nobody can have believed: not signed with the secret, or not readable. */
  refused(): number;
  /** What notifications are signed with; without it none is believed. */
  trust(secret: string): void;
  close(): void;
}

const partSchema = z.object({
  name: z.string(),
  valueString: z.string().optional(),
  valueReference: z.object({ reference: z.string() }).optional(),
});
const bundleSchema = z.object({
  entry: z.array(z.unknown()).min(1),
});
const statusSchema = z.object({
  resource: z.object({
    parameter: z.array(z.object({ name: z.string(), valueCode: z.string().optional(), part: z.array(partSchema).optional() })),
  }),
});

/** A Bundle as the Subscriptions R5 Backport guide has it for R4. @throws Error for anything else */
export function parseNotification(body: string): { type: string; events: Omit<Notification, "atMs">[] } {
  const { entry } = bundleSchema.parse(JSON.parse(body));
  const { parameter } = statusSchema.parse(entry[0]).resource;
  const type = parameter.find(({ name }) => name === "type")?.valueCode ?? "";
  const events = parameter
    .filter(({ name }) => name === "notification-event")
    .map(({ part = [] }) => {
      const number = Number(part.find(({ name }) => name === "event-number")?.valueString);
      const reference = part.find(({ name }) => name === "focus")?.valueReference?.reference ?? "";
      if (!Number.isSafeInteger(number) || reference === "") throw new Error("an event without a number or a focus");
      return { number, focus: reference.split("/").slice(-2).join("/") };
    });
  return { type, events };
}

/** `t=<seconds>,v1=<HMAC-SHA256 in hexadecimal>` over the time, a full stop and the body. */
export function isSigned(secret: string, body: string, header: string): boolean {
  const [, time, mac] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (time === undefined || mac === undefined) return false;
  return timingSafeEqual(createHmac("sha256", secret).update(`${time}.${body}`).digest(), Buffer.from(mac, "hex"));
}

async function listen(server: Server, address: string): Promise<number> {
  const at = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, address, () => {
        server.removeListener("error", reject);
        resolve();
      });
    });
  await at(usualPort).catch(() => at(0));
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : 0;
}

/** @throws Error when nothing can listen there */
export async function startReceiver({ address, certificate, key }: ReceiverPlace): Promise<Receiver> {
  const path = `/${randomUUID()}`;
  const notifications: Notification[] = [];
  let [secret, greeted, refused]: [string | undefined, boolean, number] = [undefined, false, 0];
  /** @returns the status of the answer */
  const take = (body: string, signature: string): number => {
    // Before the secret is known it is not there for the sender either: it comes again.
    if (secret === undefined) return 503;
    try {
      if (!isSigned(secret, body, signature)) throw new Error("not signed");
      const { type, events } = parseNotification(body);
      greeted ||= type === "handshake";
      const atMs = Date.now();
      notifications.push(...events.map((event) => ({ atMs, ...event })));
      return 200;
    } catch {
      refused += 1;
      return 400;
    }
  };
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const parts: Buffer[] = [];
    let length = 0;
    request.on("data", (part: Buffer) => {
      length += part.length;
      if (length > bodyMaxBytes) request.destroy();
      else parts.push(part);
    });
    request.on("end", () => {
      const wanted = request.method === "POST" && request.url === path;
      response.writeHead(wanted ? take(Buffer.concat(parts).toString("utf8"), String(request.headers["dsp-signature"] ?? "")) : 404);
      response.end();
    });
  });
  server.on("tlsClientError", () => undefined);
  const port = await listen(server, address);
  return {
    url: `https://${address}:${port}${path}`,
    notifications,
    greeted: () => greeted,
    refused: () => refused,
    trust: (given) => {
      secret = given;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
