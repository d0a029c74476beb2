/** Turns every way of ending a runner early into one: heal, then end. Only a third Ctrl-C gives up on healing. */

export interface AbortListener {
  signal: AbortSignal;
  /** A person or another process asked for the end. */
  interrupted(): boolean;
  stop(): void;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const exitCodeInterrupted = 130;
/** Asked so often, it ends without healing: node and engine then heal at each fault's time limit. */
const givesUpAt = 3;

/**
 * @param say told what happens now
 * @param exit ends the process; another one in tests
 */
export function listenForAbort(say: (text: string) => void, exit: (code: number) => void = (code) => process.exit(code)): AbortListener {
  const controller = new AbortController();
  let asked = 0;
  const onSignal = (name: NodeJS.Signals) => {
    asked += 1;
    if (asked >= givesUpAt) {
      say("gave up on healing: what is broken heals by itself at each fault's time limit; see ./dsp drill stop");
      exit(exitCodeInterrupted);
    } else if (asked > 1) say("healing goes on; once more, and it is left to each fault's own time limit");
    else say(`${name}: healing what is broken, then ending`);
    controller.abort(new Error(`interrupted by ${name}`));
  };
  const onFailure = (failure: unknown) => {
    const text = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
    say(`unexpected failure, healing what is broken: ${text}`);
    controller.abort(new Error(`unexpected failure: ${failure instanceof Error ? failure.message : String(failure)}`));
  };
  for (const name of signals) process.on(name, onSignal);
  process.on("uncaughtException", onFailure);
  process.on("unhandledRejection", onFailure);
  return {
    signal: controller.signal,
    interrupted: () => asked > 0,
    stop: () => {
      for (const name of signals) process.off(name, onSignal);
      process.off("uncaughtException", onFailure);
      process.off("unhandledRejection", onFailure);
    },
  };
}
