import { connect as connectTcp, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { type Instance, instanceName } from "./database/instance.ts";

/** What a pod's certificate is held against, as it is now; undefined: no TLS is spoken. */
type Trust = () => { servername: string; ca?: Buffer } | undefined;

/** A node that is gone says nothing, not even no. */
const connectMs = 500;
/** A process that is frozen or out of breath: its kernel accepts, and it does not shake hands. */
const handshakeMs = 1500;
const againMs = 500;

/**
 * Pods that failed, or said nothing for too long. Each is asked in the background, by a connection that carries nothing, until it shakes hands
 * again: what is gone for minutes costs no request a second attempt.
 */
export class DoubtedPods {
  readonly #trust: Trust;
  readonly #doubted = new Map<string, AbortController>();
  readonly #asked = new Map<string, Promise<boolean>>();

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  has(instance: Instance): boolean {
    return this.#doubted.has(instanceName(instance));
  }

  /** Until it shakes hands. */
  add(instance: Instance): void {
    const name = instanceName(instance);
    if (this.#doubted.has(name)) return;
    const forgotten = new AbortController();
    this.#doubted.set(name, forgotten);
    void this.#watch(instance, forgotten.signal).then(
      () => this.#doubted.delete(name),
      () => {},
    );
  }

  /** All but these: they are no pods any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const [name, forgotten] of this.#doubted) {
      if (names.has(name)) continue;
      this.#doubted.delete(name);
      forgotten.abort();
    }
  }

  /** Whether it shakes hands, now. One question at a time, whoever asks. */
  isThere(instance: Instance): Promise<boolean> {
    const name = instanceName(instance);
    const known = this.#asked.get(name);
    if (known) return known;
    const asked = this.#shakesHands(instance).finally(() => this.#asked.delete(name));
    this.#asked.set(name, asked);
    return asked;
  }

  async #watch(instance: Instance, signal: AbortSignal): Promise<void> {
    do await sleep(againMs, undefined, { signal, ref: false });
    while (!(await this.isThere(instance)) || signal.aborted);
  }

  #shakesHands({ address: host, port }: Instance): Promise<boolean> {
    return new Promise((resolve) => {
      const tls = this.#trust();
      const socket: Socket = tls === undefined ? connectTcp({ host, port }) : connectTls({ host, port, ...tls });
      const end = (answer: boolean) => {
        clearTimeout(limit);
        socket.destroy();
        resolve(answer);
      };
      let limit = setTimeout(() => end(false), connectMs);
      socket.once("connect", () => {
        if (tls === undefined) return end(true);
        clearTimeout(limit);
        limit = setTimeout(() => end(false), handshakeMs);
      });
      socket.once("secureConnect", () => end(true));
      // Somebody who has the wrong certificate answers, and is found out by the request.
      socket.once("error", () => end(false));
    });
  }
}
