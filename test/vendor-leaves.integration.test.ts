/** A software that leaves: the exchange ends its registration at identity, which gives it nothing more. Identity, exchange and record are real. */
import * as client from "openid-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Peer } from "../services/exchange/deps.ts";
import { startTestExchange, type TestExchange } from "../services/exchange/testing/exchange.ts";
import { removeOver } from "../services/exchange/vendor/register-vendor.ts";
import { newKey } from "../services/identity/testing/identity.ts";
import { ask, redeem, TestPlatform } from "../services/identity/testing/platform.ts";
import { backgroundContext } from "../services/lib/context.ts";
import { unavailable } from "../services/lib/operation-outcome.ts";
import type { TestIssuer } from "../services/lib/testing/tokens.ts";
import { createApp } from "../services/record/app.ts";
import { startTestRecord, type TestRecord } from "../services/record/testing/record.ts";

const origin = "https://dsp.test";
let platform: TestPlatform;
let record: TestRecord;
let exchange: TestExchange;
/** Whether identity can be reached. */
let reachable = true;

/** Another service, called without a port of its own. */
function peer(send: (url: string, init: RequestInit) => Response | Promise<Response>): Peer {
  return {
    call: async (_context, { method, path, headers = {}, body }) => {
      const answer = await send(`${origin}${path}`, { method, headers, ...(body === undefined ? {} : { body: body as string }) });
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: Buffer.from(await answer.arrayBuffer()) };
    },
  };
}

beforeAll(async () => {
  platform = await TestPlatform.start({ standbys: 0 });
  const { postgres, files } = platform;
  const jwks = { issuer: `${origin}/identity`, audience: "dsp", jwksFile: files.path("jwks.json"), token: async () => "none" };
  const issuer = jwks as unknown as TestIssuer;
  record = await startTestRecord({ postgres, issuer });
  const own = await platform.exchange();
  exchange = await startTestExchange({
    ...{ postgres, issuer },
    deps: {
      record: peer((url, init) => createApp(record.deps).request(url, init)),
      identity: peer((url, init) => {
        if (!reachable) throw unavailable("The service identity did not answer within the deadline");
        return platform.at(0).fetch(url, init);
      }),
      ownToken: async () => `Bearer ${(await client.clientCredentialsGrant(own, { scope: "system/*.cruds" })).access_token}`,
    },
  });
}, 180_000);

afterAll(async () => {
  exchange?.stop();
  record?.stop();
  await platform?.stop();
});

async function tokenOf(login: string): Promise<string> {
  await platform.forgetUsedCodes();
  const portal = await platform.portal();
  const asked = await ask(portal);
  return (await redeem(portal, await platform.signIn(platform.browser(), login, asked.url), asked)).access_token;
}

const contact = { name: "Test-Vendor", email: "test@example.org" };

async function register(token: string, body: object): Promise<{ id: string; client_id: string }> {
  const response = await exchange.call("POST", "/exchange/vendors", { token, body: { contact, ...body } });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json()) as { id: string; client_id: string };
}

async function statusOf(token: string, id: string): Promise<string> {
  const response = await exchange.call("GET", `/exchange/vendors/${id}`, { token });
  return ((await response.json()) as { status: string }).status;
}

it("a backend gets no token any more, and its registration is gone", async () => {
  const maker = await tokenOf("hoffmann");
  const key = await newKey("ES384", "k");
  const vendor = await register(maker, { name: "Test-Backend", kind: "backend", jwks: { keys: [key.publicJwk] } });
  const software = await platform.configure(vendor.client_id, client.PrivateKeyJwt({ key: key.privateKey, kid: "k" }));
  expect((await client.clientCredentialsGrant(software, { scope: "system/*.rs" })).access_token).toBeTruthy();
  expect((await exchange.call("DELETE", `/exchange/vendors/${vendor.id}`, { token: maker })).status).toBe(204);
  expect(await statusOf(maker, vendor.id)).toBe("removed");
  await expect(client.clientCredentialsGrant(software, { scope: "system/*.rs" })).rejects.toMatchObject({ error: "invalid_client" });
  expect(await platform.query("SELECT id FROM identity.client WHERE id = $1", [vendor.client_id])).toEqual([]);
  const recorded = await platform.query(
    "SELECT client_id, outcome FROM identity.audit_event WHERE interaction = 'delete' AND resource_id = $1",
    [vendor.client_id],
  );
  expect(recorded).toEqual([{ client_id: "exchange", outcome: "0" }]);
  // Again, by whoever was cut short: nothing is left to do.
  expect((await exchange.call("DELETE", `/exchange/vendors/${vendor.id}`, { token: maker })).status).toBe(204);
});

it("an app's refresh tokens are good no more, and nobody signs in at it", async () => {
  const maker = await tokenOf("hoffmann");
  const back = "https://app.test/back";
  const vendor = await register(maker, { name: "Test-App", kind: "smart-app", redirect_uris: [back] });
  const app = await platform.configure(vendor.client_id, client.None());
  const asked = await ask(app, { redirect_uri: back, scope: "openid offline_access patient/*.rs" });
  const browser = await platform.signIn(platform.browser(), "marie", asked.url);
  await browser.submit("consent");
  const tokens = await redeem(app, browser, asked);
  const renewed = await client.refreshTokenGrant(app, tokens.refresh_token ?? "");
  expect((await exchange.call("DELETE", `/exchange/vendors/${vendor.id}`, { token: maker })).status).toBe(204);
  await expect(client.refreshTokenGrant(app, renewed.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_client" });
  await expect(ask(app, { redirect_uri: back, scope: "openid" })).rejects.toMatchObject({ error: "invalid_client" });
  const left = "SELECT kind FROM identity.oidc WHERE client_id = $1";
  expect(await platform.query(left, [vendor.client_id])).toEqual([]);
});

it("a removal that identity's absence cuts short is ended later", async () => {
  const maker = await tokenOf("hoffmann");
  const key = await newKey("ES256", "k");
  const vendor = await register(maker, { name: "Test-Later", kind: "backend", jwks: { keys: [key.publicJwk] } });
  reachable = false;
  expect((await exchange.call("DELETE", `/exchange/vendors/${vendor.id}`, { token: maker })).status).toBe(503);
  expect(await statusOf(maker, vendor.id)).toBe("removing");
  reachable = true;
  await removeOver(backgroundContext(exchange.deps.log, "test", 20_000), exchange.deps);
  expect(await statusOf(maker, vendor.id)).toBe("removed");
  expect(await platform.query("SELECT id FROM identity.client WHERE id = $1", [vendor.client_id])).toEqual([]);
});

it("registrations are ended by the exchange alone, and never the platform's own", async () => {
  const key = await newKey("ES256", "k");
  const vendor = await register(await tokenOf("hoffmann"), { name: "Test-Stays", kind: "backend", jwks: { keys: [key.publicJwk] } });
  const software = await platform.configure(vendor.client_id, client.PrivateKeyJwt({ key: key.privateKey, kid: "k" }));
  const remove = async (id: string, token: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${token}` };
    return (await platform.at(0).fetch(`${origin}/identity/clients/${id}`, { method: "DELETE", headers })).status;
  };
  const system = { scope: "system/*.cruds" };
  const itself = (await client.clientCredentialsGrant(software, system)).access_token;
  const portal = (await client.clientCredentialsGrant(await platform.portal(), system)).access_token;
  for (const token of [itself, portal, await tokenOf("operator"), await tokenOf("hoffmann")]) {
    expect(await remove(vendor.client_id, token)).toBe(403);
  }
  const own = (await client.clientCredentialsGrant(await platform.exchange(), system)).access_token;
  expect(await remove("portal", own)).toBe(403);
  expect(await remove("nobody-has-it", own)).toBe(204);
  expect((await client.clientCredentialsGrant(software, system)).access_token).toBeTruthy();
});
