import { setTimeout as sleep } from "node:timers/promises";
import type { TokenVerifier } from "../../lib/authenticate.ts";
import { backgroundContext, type Context, Deadline } from "../../lib/context.ts";
import type { Database } from "../../lib/database/database.ts";
import { unavailable } from "../../lib/operation-outcome.ts";
import type { Principal } from "../../lib/principal.ts";
import { isSecret, newSecret, seal, sessionId, unseal } from "./seal.ts";
import type { SessionCache } from "./session-cache.ts";
import type { SignIn, Tokens } from "./sign-in.ts";
import * as store from "./store.ts";

/** Somebody who is signed in. */
export interface Session {
  /** What the cookie holds. */
  secret: string;
  version: number;
  tokens: Tokens;
  /** Who the access token speaks for. */
  principal: Principal;
}

export interface SessionsOptions {
  database: Database;
  cache: SessionCache;
  signIn: SignIn;
  verifier: TokenVerifier;
  idleMinutes: number;
  hours: number;
}

/** Tokens are renewed when this share of their life is over. */
const renewAfterShare = 0.6;
/** A token that ends sooner is not used for a request any more. */
const marginMs = 10_000;
/** Within this a renewal has ended, or another pod may begin one. */
const renewalS = 10;
const touchEveryMs = 60_000;

/**
 * Who is signed in (docs/adr/0071). PostgreSQL holds it, Redis remembers it for seconds; each session's content is sealed with a key that is
 * derived from its cookie.
 */
export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Returns the secret for the cookie. */
  async open(context: Context, tokens: Tokens): Promise<string> {
    await this.#options.verifier.verify(`Bearer ${tokens.accessToken}`);
    const secret = newSecret();
    await store.insertSession(context, this.#options.database, sessionId(secret), seal(secret, JSON.stringify(tokens)));
    return secret;
  }

  /** The session of a cookie, its tokens good for use. Undefined: there is none, or it is over. @throws FhirError 503 */
  async find(context: Context, secret: string | undefined): Promise<Session | undefined> {
    if (!isSecret(secret)) return undefined;
    const id = sessionId(secret);
    let row = await this.#row(context, id);
    for (;;) {
      if (!row || this.#isOver(row)) return undefined;
      const tokens = tokensOf(secret, row);
      if (!tokens) return undefined;
      const nowMs = Date.now();
      if (nowMs < tokens.issuedAtMs + (tokens.endsAtMs - tokens.issuedAtMs) * renewAfterShare)
        return await this.#session(secret, row, tokens);
      const usable = nowMs < tokens.endsAtMs - marginMs;
      const renewed = await this.#renew(context, { secret, id, row, tokens, usable });
      if (renewed === "over") return undefined;
      if (renewed === "renewed" || !usable) row = await this.#read(context, id, true);
      else return await this.#session(secret, row, tokens);
    }
  }

  async close(context: Context, secret: string): Promise<void> {
    const id = sessionId(secret);
    await store.deleteSession(context, this.#options.database, id);
    await this.#options.cache.forget(id);
  }

  async expire(context: Context): Promise<void> {
    await store.expireSessions(context, this.#options.database, this.#options.idleMinutes, this.#options.hours);
  }

  async #row(context: Context, id: Buffer): Promise<store.SessionRow | undefined> {
    const cached = await this.#options.cache.get(id);
    const row = cached ?? (await this.#read(context, id, false));
    if (row && Date.now() - row.seenAtMs > touchEveryMs && !this.#isOver(row)) this.#touch(context, id);
    return row;
  }

  async #read(context: Context, id: Buffer, freshest: boolean): Promise<store.SessionRow | undefined> {
    const { database, cache } = this.#options;
    // A session that was opened a moment ago may not have come to the standby yet.
    const row =
      (await store.findSession(context, database, id, freshest)) ??
      (freshest ? undefined : await store.findSession(context, database, id, true));
    if (row) await cache.keep(id, row);
    return row;
  }

  #isOver({ seenAtMs, createdAtMs }: store.SessionRow): boolean {
    const { idleMinutes, hours } = this.#options;
    return Date.now() > seenAtMs + idleMinutes * 60_000 || Date.now() > createdAtMs + hours * 3_600_000;
  }

  /** Nobody waits for it. */
  #touch(context: Context, id: Buffer): void {
    const later = { ...backgroundContext(context.log, "session-touch", 5000), requestId: context.requestId };
    const { database, cache } = this.#options;
    store
      .touchSession(later, database, id)
      .then(() => cache.forget(id))
      .catch((error: unknown) => context.log.debug({ error }, "a session was not marked as in use"));
  }

  async #session(secret: string, { version }: store.SessionRow, tokens: Tokens): Promise<Session | undefined> {
    const principal = await this.#options.verifier.verify(`Bearer ${tokens.accessToken}`).catch(() => undefined);
    return principal && { secret, version, tokens, principal };
  }

  /**
   * Renews the tokens, unless another pod is about it: a refresh token is good for one use, and used twice it ends the session at identity.
   * `unchanged`: not now; the old token may do for a while.
   */
  async #renew(
    context: Context,
    about: { secret: string; id: Buffer; row: store.SessionRow; tokens: Tokens; usable: boolean },
  ): Promise<"renewed" | "unchanged" | "over"> {
    const { secret, id, row, tokens, usable } = about;
    const { database, cache, signIn } = this.#options;
    const { version } = row;
    const claimant = crypto.randomUUID();
    // While the old token is good nobody waits long for a new one.
    const limit = Deadline.after(Math.min(context.deadline.remainingMs(), usable ? 3000 : 8000));
    const within = { ...context, deadline: limit };
    try {
      if (!(await store.claimRenewal(within, database, { id, version, claimant, seconds: renewalS }))) {
        if (!usable) await sleep(Math.min(200, context.deadline.remainingMs()));
        if (context.deadline.passed) throw unavailable("The session could not be renewed within the deadline");
        return "unchanged";
      }
      const fresh = await signIn.renew(within, tokens);
      if (fresh === "refused") {
        await this.close(context, secret);
        return "over";
      }
      // From here on only this answer holds the next refresh token: it is written whatever the browser does.
      await store.renewSession({ ...context, left: undefined }, database, id, version, seal(secret, JSON.stringify(fresh)));
      await cache.forget(id);
      return "renewed";
    } catch (error) {
      void store.releaseRenewal(backgroundContext(context.log, "session-release", 3000), database, id, claimant).catch(() => {});
      if (!usable || context.deadline.passed) throw error;
      context.log.warn({ requestId: context.requestId, error }, "tokens not renewed, using the old ones");
      return "unchanged";
    }
  }
}

function tokensOf(secret: string, { sealed }: store.SessionRow): Tokens | undefined {
  try {
    return JSON.parse(unseal(secret, sealed)) as Tokens;
  } catch {
    return undefined;
  }
}
