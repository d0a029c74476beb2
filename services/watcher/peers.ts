import type { PrimaryId, VoteAnswer, VoteRequest } from "./vote.ts";

/** The watchers of the other sites. */
export interface Peers {
  /** @throws when the peer does not answer */
  askVote(site: string, request: VoteRequest): Promise<VoteAnswer>;
  /** The primary that the peer sees answering. @throws when the peer does not answer */
  askPrimary(site: string): Promise<PrimaryId | undefined>;
}
