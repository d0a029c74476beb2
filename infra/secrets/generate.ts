import "reflect-metadata";
import { randomBytes, randomInt, webcrypto, X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { names as platformNames } from "../components/names.ts";
import type { KeyPair, Secrets, TokenKeys } from "./shape.ts";

const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
const leafDays = 397;
/** A leaf this near its end is made anew. */
const renewBeforeMs = 30 * dayMs;
/** Public keys kept besides the signing one: a token lives much shorter than two rotations. */
const previousKeysMax = 2;
const curve = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** What the secrets must cover. */
export interface SecretNeeds {
  /** Names and addresses of the edge certificate: the public host, the virtual IP, localhost. */
  edgeNames: readonly string[];
  namespace: string;
  /** Each with a certificate name and a PostgreSQL role of its own. */
  services: readonly string[];
  /** Services that ask identity for tokens of their own. */
  callers: readonly string[];
}

/** The parts that can be made anew on their own. A new `ca` makes new certificates too. */
export const rotatable = [
  "ca",
  "edge",
  "service",
  "redis-tls",
  "token",
  "client",
  "cookie",
  "webhook",
  "demo",
  "redis",
  "postgres",
  "watcher",
] as const;
export type Rotatable = (typeof rotatable)[number];

export interface SecretsPlan {
  secrets: Secrets;
  /** What was made or made anew; empty when nothing had to be. */
  changed: string[];
}

/** The clusters' own names for a service's pods, as the edge asks for them. */
export function serviceNames(needs: SecretNeeds): string[] {
  return [`*.${needs.namespace}.svc`, ...needs.services.map((service) => `${service}.${needs.namespace}.svc`), "localhost"];
}

/**
 * Completes a stack's secrets: what is there and fits stays, what is missing, near its end or asked for is made. Pure but for the
 * randomness and the clock given.
 */
export async function planSecrets(
  existing: Partial<Secrets>,
  needs: SecretNeeds,
  rotate: readonly Rotatable[] = [],
  now = new Date(),
): Promise<SecretsPlan> {
  const changed: string[] = [];
  const keepOrMake: KeepOrMake = async (name, kept, make) => {
    if (kept !== undefined) return kept;
    changed.push(name);
    return await make();
  };
  const caKept = rotate.includes("ca") || !isFresh(existing.ca, now) ? undefined : existing.ca;
  const ca = await keepOrMake("ca", caKept, () => makeAuthority(now));
  const leaf = (name: "edge" | "service" | "redis-tls", kept: KeyPair | undefined, names: readonly string[]) => {
    const fits = caKept && !rotate.includes(name) && isFresh(kept, now) && kept && covers(kept, names);
    return keepOrMake(name, fits ? kept : undefined, () => makeLeaf(ca, names, now));
  };
  const edge = await leaf("edge", existing.edge, needs.edgeNames);
  const service = await leaf("service", existing.service, serviceNames(needs));
  // One name for all: Sentinel names servers by address, so their clients look for this one wherever they are led.
  const redisTls = await leaf("redis-tls", existing.redisTls, [platformNames.redisTlsName]);
  const tokenKeys = await keepOrMake("token", rotate.includes("token") ? undefined : existing.tokenKeys, () =>
    nextTokenKeys(existing.tokenKeys, now),
  );
  const clientKeys: Secrets["clientKeys"] = {};
  for (const name of needs.callers) {
    const kept = rotate.includes("client") ? undefined : existing.clientKeys?.[name];
    clientKeys[name] = await keepOrMake(`client.${name}`, kept, makeKey);
  }
  const cookieKeys = await keepOrMake("cookie", rotate.includes("cookie") ? undefined : existing.cookieKeys, () =>
    [makePassword(), ...(existing.cookieKeys ?? [])].slice(0, 1 + previousKeysMax),
  );
  // What it encrypted could be read no more: it is never made anew.
  const factorKey = await keepOrMake("factor", existing.factorKey, makeEncryptionKey);
  // The exchange encrypts anew by itself what an older key has encrypted, within minutes.
  const webhookKeys = await keepOrMake("webhook", rotate.includes("webhook") ? undefined : existing.webhookKeys, () =>
    [makeEncryptionKey(), ...(existing.webhookKeys ?? [])].slice(0, 1 + previousKeysMax),
  );
  const demoPassword = await keepOrMake("demo", rotate.includes("demo") ? undefined : existing.demoPassword, makeDemoPassword);
  const rotatesRedis = rotate.includes("redis");
  const redisPassword = await keepOrMake("redis", rotatesRedis ? undefined : existing.redisPassword, makePassword);
  const redisPasswordBefore = rotatesRedis ? existing.redisPassword : existing.redisPasswordBefore;
  const roles = [...needs.services, platformNames.watcher, platformNames.backup];
  const postgres = await planPasswords(existing, { roles, rotates: rotate.includes("postgres"), keepOrMake });
  const watcherToken = await keepOrMake("watcher", rotate.includes("watcher") ? undefined : existing.watcherToken, makePassword);
  const signing = { tokenKeys, clientKeys, cookieKeys, factorKey, webhookKeys, demoPassword };
  return {
    secrets: {
      ca,
      edge,
      service,
      redisTls,
      ...signing,
      redisPassword,
      ...(redisPasswordBefore ? { redisPasswordBefore } : {}),
      ...postgres,
      watcherToken,
    },
    changed,
  };
}

type KeepOrMake = <T>(name: string, kept: T | undefined, make: () => T | Promise<T>) => Promise<T>;

/** Each role's password, and the one that comes after it: it is known before it is used. */
async function planPasswords(
  existing: Partial<Secrets>,
  { roles, rotates, keepOrMake }: { roles: readonly string[]; rotates: boolean; keepOrMake: KeepOrMake },
): Promise<Pick<Secrets, "postgresPasswords" | "postgresPasswordsNext" | "postgresPasswordsBefore">> {
  const postgresPasswords: Record<string, string> = {};
  const postgresPasswordsNext: Record<string, string> = {};
  for (const role of roles) {
    const [password, next] = [existing.postgresPasswords?.[role], existing.postgresPasswordsNext?.[role]];
    const kept = password && next && !rotates ? { password, next } : undefined;
    const pair = await keepOrMake(`postgres.${role}`, kept, () => ({
      password: (rotates ? next : password) ?? makePassword(),
      next: makePassword(),
    }));
    postgresPasswords[role] = pair.password;
    postgresPasswordsNext[role] = pair.next;
  }
  const before = rotates ? existing.postgresPasswords : existing.postgresPasswordsBefore;
  return { postgresPasswords, postgresPasswordsNext, ...(before ? { postgresPasswordsBefore: before } : {}) };
}

function makePassword(): string {
  return randomBytes(30).toString("base64url");
}

function makeEncryptionKey(): string {
  return randomBytes(32).toString("base64");
}

/** To be typed by hand: a hundred bits in groups of letters and digits that look like no other. */
function makeDemoPassword(): string {
  const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  const letters = Array.from({ length: 20 }, () => alphabet[randomInt(alphabet.length)]).join("");
  return letters.replace(/.{5}(?=.)/g, "$&-");
}

async function makeKey(): Promise<Secrets["clientKeys"][string]> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const { x, y, d } = (await exportJWK(privateKey)) as { x: string; y: string; d: string };
  const kid = await calculateJwkThumbprint({ kty: "EC", crv: "P-256", x, y });
  return { kty: "EC", crv: "P-256", x, y, d, kid, alg: "ES256", use: "sig" };
}

async function nextTokenKeys(before: TokenKeys | undefined, now: Date): Promise<TokenKeys> {
  const signing = { ...(await makeKey()), issuedAt: Math.floor(now.getTime() / 1000) };
  if (!before) return { signing: { ...signing, issuedAt: 0 }, previous: [] };
  const { issuedAt: _before, ...last } = before.signing;
  const older = before.previous.map(({ d: _private, ...key }) => key);
  return { signing, previous: [last, ...older].slice(0, previousKeysMax) };
}

function isFresh(pair: KeyPair | undefined, now: Date): boolean {
  return pair !== undefined && new X509Certificate(pair.certificate).validToDate.getTime() - now.getTime() > renewBeforeMs;
}

function covers(pair: KeyPair, names: readonly string[]): boolean {
  const covered = new Set(
    (new X509Certificate(pair.certificate).subjectAltName ?? "").split(", ").map((name) => name.replace(/^(DNS|IP Address):/, "")),
  );
  return names.every((name) => covered.has(name));
}

async function makeAuthority(now: Date): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: `CN=DSP platform authority ${randomBytes(4).toString("hex")}, O=DSP`,
      notBefore: startOf(now),
      notAfter: new Date(now.getTime() + authorityDays * dayMs),
      signingAlgorithm: curve,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto as Crypto,
  );
  return { certificate: toPem(certificate.toString("pem")), key: await exportKey(keys.privateKey) };
}

/** A certificate for these names and addresses that the authority has signed, and its key. */
export async function makeLeaf(authority: KeyPair, names: readonly string[], now: Date): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(authority.key), curve, false, ["sign"]);
  const keys = await webcrypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: "CN=DSP",
      issuer: issuer.subject,
      notBefore: startOf(now),
      notAfter: new Date(now.getTime() + leafDays * dayMs),
      signingAlgorithm: curve,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isAddress(value) ? "ip" : "dns", value }))),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ],
    },
    webcrypto as Crypto,
  );
  return { certificate: toPem(certificate.toString("pem")), key: await exportKey(keys.privateKey) };
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return toPem(x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY"));
}

function toPem(text: string): string {
  return `${text.trim()}\n`;
}

/** Clocks differ: valid from an hour ago. */
function startOf(now: Date): Date {
  return new Date(now.getTime() - 60 * 60 * 1000);
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

function isAddress(name: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(name);
}
