import type { Context } from "../../lib/context.ts";
import type { Deps } from "../deps.ts";
import { notificationBundle } from "../subscription/notification.ts";
import { topics, topicUrl } from "../subscription/parse-subscription.ts";
import { openHeaders, openSecret } from "../subscription/seal-secret.ts";
import { postWebhook, UndeliveredError } from "../webhook/post-webhook.ts";
import { sign, signatureHeader } from "../webhook/signature.ts";
import { backoffMs } from "./backoff.ts";
import { type Claim, claimDelivery, settleDelivered, settleFailed } from "./store.ts";

/** Longer than any delivery takes: who holds a claim for longer is dead. */
export const leaseSeconds = 45;

/** One delivery from claim to its end. Each step is a transaction or a request by itself: after a death between any two it is done again. */
export async function deliverOne(context: Context, deps: Deps): Promise<"none" | "delivered" | "failed" | "taken"> {
  const claim = await deps.database.write(context, (transaction) => claimDelivery(transaction, leaseSeconds));
  return claim ? await settle(context, deps, claim, await attempt(deps, claim)) : "none";
}

/** Sends a claimed notification. Returns why it did not arrive, if so. */
export async function attempt(deps: Deps, claim: Claim): Promise<string | undefined> {
  const { subscription, kind, events } = claim;
  const body = JSON.stringify(bundleOf(deps, claim));
  const headers = {
    ...openHeaders(deps.secrets, subscription),
    "Content-Type": "application/fhir+json",
    "User-Agent": "dsp-exchange",
    [signatureHeader]: sign(openSecret(deps.secrets, subscription), body, Math.floor(Date.now() / 1000)),
    "DSP-Notification": kind,
    ...(events[0] ? { "DSP-Event-Number": events[0].number } : {}),
  };
  try {
    await postWebhook(deps.webhooks, { url: subscription.endpoint, headers, body, timeoutMs: subscription.timeoutSeconds * 1000 });
    return undefined;
  } catch (error) {
    if (error instanceof UndeliveredError) return error.message;
    throw error;
  }
}

function bundleOf(deps: Deps, { subscription, lease, kind, events }: Claim): object {
  const { publicUrl } = deps.settings;
  const { id, payload, topic } = subscription;
  const status = kind === "handshake" ? "requested" : subscription.status;
  const of = { id, status, topic: topicUrl(publicUrl, topic), payload, events: subscription.events, reason: null };
  const bases = { exchange: publicUrl, record: deps.limits.recordUrl, isOwn: topics[topic].about === "messages" };
  return notificationBundle(events[0]?.id ?? lease, of, kind, events, bases);
}

/** Writes down what became of it. */
export async function settle(
  context: Context,
  deps: Deps,
  claim: Claim,
  problem: string | undefined,
): Promise<"delivered" | "failed" | "taken"> {
  const { attemptsMax, failuresMax } = deps.limits;
  return await deps.database.write(context, async (transaction) => {
    if (problem === undefined) return (await settleDelivered(transaction, claim)) ? "delivered" : "taken";
    const waitMs = backoffMs(claim.subscription.failures + 1);
    const status = await settleFailed(transaction, claim, { problem, waitMs, attemptsMax, failuresMax });
    return status === undefined ? "taken" : "failed";
  });
}
