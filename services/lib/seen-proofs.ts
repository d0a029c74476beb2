import { createHash } from "node:crypto";
import { BriefRedis } from "./brief-redis.ts";
import { proofWindowSeconds } from "./dpop.ts";
import type { RedisConnection } from "./redis.ts";

/** A proof is kept in mind for as long as it could be taken, and a little longer. */
const keptSeconds = 2 * proofWindowSeconds + 30;

/** Which proofs of possession were used, at all pods of all services together. */
export class SeenProofs {
  readonly #redis: BriefRedis;

  constructor(redis: RedisConnection | undefined) {
    this.#redis = new BriefRedis(redis);
  }

  /**
   * Uses a proof up: false when another request did before. The edge sends a request whose answer was lost to another pod, with the name
   * (X-Request-Id) that it gave it and that nobody else can choose: that is the same request, not a replay.
   *
   * While Redis is away a proof may be used again within its window (a minute either way). To refuse would lock out everybody whose token is bound,
   * at each failover. What remains checked still binds it to one key, token, method, address and moment, so a replay needs a listener
   * inside TLS, and of writes a repetition with the same Idempotency-Key is done once.
   */
  async use(thumbprint: string, jti: string, requestId: string): Promise<boolean> {
    const name = createHash("sha256").update(`${thumbprint}.${jti}`).digest("base64url");
    // One command: whoever was first stays written, and everybody is told who it was.
    const first = await this.#redis.ask((client) => client.set(`dpop:${name}`, requestId, "EX", keptSeconds, "NX", "GET"));
    return first === undefined || first === null || first === requestId;
  }
}
