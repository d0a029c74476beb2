import { request } from "node:https";

const defaultTimeoutMs = 1_500;

/**
 * Does a server answer HTTPS at this address, whatever it says? Asked from the drill's own machine with a new connection. A frozen server
 * still takes TCP connections, its kernel does that: only an answer counts.
 */
export function answersHttps(host: string, port: number, timeoutMs = defaultTimeoutMs): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host, port, path: "/healthz", agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(timeoutMs) };
    const asked = request(options, (response) => {
      response.resume();
      resolve(true);
    });
    asked.on("error", () => resolve(false));
    asked.end();
  });
}
