import type { ServerResponse } from "node:http";

/** From one beat to the next: an edge that misses three looks elsewhere (charts/edge/files/beats.pl). */
const beatIntervalMs = 100;

/** Tells everybody who listens that this process runs, for as long as it does. Who does not read is not told any more. */
export class Beats {
  readonly #listeners = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;

  add(response: ServerResponse): void {
    response.writeHead(200, { "Content-Type": "text/plain", Connection: "close" });
    response.socket?.setNoDelay(true);
    response.on("close", () => this.#remove(response));
    this.#listeners.add(response);
    this.#timer ??= setInterval(() => this.#beat(), beatIntervalMs).unref();
    response.write("\n");
  }

  #beat(): void {
    for (const response of this.#listeners) {
      if (response.writableNeedDrain) response.destroy();
      else response.write("\n");
    }
  }

  #remove(response: ServerResponse): void {
    this.#listeners.delete(response);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
