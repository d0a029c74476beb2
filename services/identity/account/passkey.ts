import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import type { Deps } from "../deps.ts";
import type { Passkey } from "./passkey-store.ts";
import type { Account } from "./store.ts";

/*
 * A challenge is a keyed digest of the interaction or session it is for: whoever answers it has signed for this one and no other, and
 * nothing has to be stored before somebody answers.
 */
type Purpose = "get" | "create";

function challengeOf(deps: Deps, purpose: Purpose, about: string): string {
  return deps.cookieKeys.sign("webauthn", purpose, about);
}

function expected(deps: Deps, purpose: Purpose, about: string) {
  return {
    expectedChallenge: (challenge: string) => deps.cookieKeys.verify(challenge, "webauthn", purpose, about),
    expectedOrigin: deps.identity.origin,
    expectedRPID: new URL(deps.identity.origin).hostname,
    requireUserVerification: true,
  };
}

/** Options for the browser, as JSON. Without passkeys, any that the authenticator knows for this site will do (sign-in without a name). */
export async function askPasskey(deps: Deps, about: string, passkeys: readonly Passkey[] = []): Promise<string> {
  const options = await generateAuthenticationOptions({
    rpID: new URL(deps.identity.origin).hostname,
    challenge: new Uint8Array(Buffer.from(challengeOf(deps, "get", about), "base64url")),
    userVerification: "required",
    allowCredentials: passkeys.map(({ id, transports }) => ({ id, transports: transports as never })),
  });
  return JSON.stringify(options);
}

/** The id of the credential in a browser's answer; undefined when it is none. */
export function answeringCredential(answer: string): string | undefined {
  try {
    const { id } = JSON.parse(answer) as { id?: unknown };
    return typeof id === "string" && id.length < 2000 ? id : undefined;
  } catch {
    return undefined;
  }
}

/** The authenticator's new counter; undefined when the answer is not good. */
export async function verifyPasskey(deps: Deps, about: string, answer: string, passkey: Passkey): Promise<number | undefined> {
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      ...expected(deps, "get", about),
      response: JSON.parse(answer) as AuthenticationResponseJSON,
      credential: { id: passkey.id, publicKey: new Uint8Array(passkey.publicKey), counter: passkey.counter },
    });
    return verified ? authenticationInfo.newCounter : undefined;
  } catch {
    return undefined;
  }
}

/** Options for making a passkey, as JSON. */
export async function offerPasskey(deps: Deps, about: string, account: Account, known: readonly Passkey[]): Promise<string> {
  const options = await generateRegistrationOptions({
    rpName: "DSP",
    rpID: new URL(deps.identity.origin).hostname,
    userName: account.login,
    userDisplayName: account.name,
    userID: new TextEncoder().encode(account.id),
    challenge: new Uint8Array(Buffer.from(challengeOf(deps, "create", about), "base64url")),
    attestationType: "none",
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    supportedAlgorithmIDs: [-7, -8, -257],
    excludeCredentials: known.map(({ id }) => ({ id })),
  });
  return JSON.stringify(options);
}

/** The new passkey; undefined when the answer is not good. */
export async function acceptPasskey(
  deps: Deps,
  about: string,
  answer: string,
  owner: { accountId: string; label: string },
): Promise<Passkey | undefined> {
  try {
    const response = JSON.parse(answer) as RegistrationResponseJSON;
    const { verified, registrationInfo } = await verifyRegistrationResponse({ ...expected(deps, "create", about), response });
    if (!verified) return undefined;
    const { id, publicKey, counter, transports } = registrationInfo.credential;
    return { id, publicKey: Buffer.from(publicKey), counter, transports: [...(transports ?? [])], ...owner };
  } catch {
    return undefined;
  }
}
