import { setTimeout as sleep } from "node:timers/promises";
import * as client from "openid-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TestRedis } from "../lib/testing/redis.ts";
import { ask, redeem, redirectUri, TestPlatform } from "./testing/platform.ts";

let platform: TestPlatform;
let redis: TestRedis;
let portal: client.Configuration;

beforeAll(async () => {
  redis = await TestRedis.start();
  platform = await TestPlatform.start({ standbys: 2, redis });
  await platform.add();
  portal = await platform.portal();
});

afterAll(async () => {
  await platform?.stop();
  await redis?.stop();
});

it("the loss of Redis and of the primary signs nobody out, fails no request and gives guessers no fresh attempts", async () => {
  const browser = await platform.signIn(platform.browser(), "marie", (await ask(portal)).url);
  const asked = await ask(portal);
  await browser.go(asked.url);
  const tokens = await redeem(portal, browser, asked);
  const guesser = await platform.browser("198.51.100.9").go((await ask(portal)).url);
  for (let guess = 0; guess < 6; guess++) await guesser.submit("password", { login: "lucas", password: `wrong ${guess}` });
  expect(guesser.status).toBe(429);
  const halfway = await platform.browser().go((await ask(portal)).url);

  redis.freeze();
  await platform.postgres.crash(platform.postgres.at(0));
  const meanwhile = Promise.all([
    client.refreshTokenGrant(portal, tokens.refresh_token ?? ""),
    client.clientCredentialsGrant(await platform.exchange(), { scope: "system/*.rs" }),
    halfway.submit("password", { login: "marie", password: platform.files.password }),
  ]);
  await sleep(1000);
  await platform.postgres.failOver();
  const [renewed, software] = await meanwhile;
  expect(renewed.refresh_token).toBeTruthy();
  expect(software.access_token).toBeTruthy();
  expect(halfway.url.href.startsWith(redirectUri)).toBe(true);

  const again = await ask(portal);
  await browser.go(again.url);
  expect(browser.url.href.startsWith(redirectUri)).toBe(true);
  expect((await client.refreshTokenGrant(portal, renewed.refresh_token ?? "")).access_token).toBeTruthy();
  // Their waiting time is over by now; the next failure makes them wait again at once.
  await guesser.submit("password", { login: "lucas", password: "wrong again" });
  await guesser.submit("password", { login: "lucas", password: platform.files.password });
  expect(guesser.status).toBe(429);
});
