import { flushCompileCache } from "node:module";
import net from "node:net";
import { serveProvider } from "./server.ts";

const engineCheckMs = 5_000;
const missesMax = 2;

/**
 * Pulumi's plugin protocol: the first argument that is no flag is the engine's address; the port served goes to standard output. Ends by
 * itself when the engine is gone, whatever became of it.
 */
async function main(): Promise<void> {
  let engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
  const onEngine = (address: string) => {
    engineAddress = address;
  };
  const server = await serveProvider({ engineAddress, onEngine });
  process.stdout.write(`${server.port}\n`);
  flushCompileCache();
  // Pulumi starts a plugin in a process group of its own, so a signal comes from the engine, not from the user's Ctrl-C.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      server.stop();
      process.exit(0);
    });
  }
  endWithEngine(() => engineAddress);
}

function endWithEngine(engineAddress: () => string | undefined): void {
  const parent = process.ppid;
  let misses = 0;
  setInterval(async () => {
    const address = engineAddress();
    const isThere = process.ppid === parent && (!address || (await accepts(address)));
    misses = isThere ? 0 : misses + 1;
    if (misses >= missesMax) process.exit(0);
  }, engineCheckMs).unref();
}

function accepts(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = net.connect({ host: hostname, port: Number(port), timeout: engineCheckMs / 2 });
    const finish = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
    socket.once("timeout", () => finish(false));
  });
}

await main();
