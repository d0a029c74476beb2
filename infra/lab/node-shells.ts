/** A shell in each node that somebody asked for, kept open: to make one costs the lab as much of the processor as many of its scripts. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";

export interface NodeScript {
  /** Bash, run as root. It stops at the first command that fails. */
  script: string;
  /** The script's $1, $2, … */
  args?: readonly string[];
  timeoutMs: number;
}

/** A request and its answer are a line each; what they carry is in base64, and so any text. */
const loop = `
folder=$(mktemp -d /run/dsp-shell.XXXXXX)
trap 'rm -rf "$folder"' EXIT
while IFS= read -r line; do
  base64 --decode <<< "$line" > "$folder/asked"
  mapfile -d '' -t asked < "$folder/asked"
  code=0
  bash -euo pipefail -c "\${asked[0]}" script "\${asked[@]:1}" < /dev/null > "$folder/out" 2> "$folder/err" || code=$?
  printf '%s %s %s\\n' "$code" "$(base64 --wrap=0 "$folder/out")" "$(base64 --wrap=0 "$folder/err")"
done`;

const lastWordsMax = 600;

class NodeShell {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  #complaints = "";
  /** Requests follow each other. */
  #last: Promise<unknown> = Promise.resolve();
  /** Why it takes no more requests. */
  ended: string | undefined;
  readonly #failure = Promise.withResolvers<never>();

  /** @param command that gives a bash, with its standard input and output */
  constructor(command: readonly string[], environment: NodeJS.ProcessEnv) {
    const [program = "", ...args] = command;
    // A group of its own: Ctrl-C is for whoever asked, who may have something to undo with it.
    this.#child = spawn(program, [...args, "bash", "-c", loop], { env: environment, detached: true, stdio: "pipe" });
    this.#failure.promise.catch(() => {});
    const { stdin, stdout, stderr } = this.#child;
    // It ends with this process, whose end it sees as the end of its input, and must not keep it alive.
    this.#child.unref();
    for (const stream of [stdin, stdout, stderr]) (stream as unknown as Socket).unref();
    stdin.on("error", () => {});
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-lastWordsMax);
    });
    this.#lines = createInterface({ input: stdout });
    this.#child.once("error", (failure) => this.#end(failure.message));
    this.#child.once("close", () => this.#end(this.#complaints.trim() || "it is closed"));
  }

  run(asked: NodeScript): Promise<string> {
    const answer = this.#last.then(() => this.#ask(asked));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #ask({ script, args = [], timeoutMs }: NodeScript): Promise<string> {
    // It ends with that: a late answer would be taken for the next one's.
    const timer = setTimeout(() => this.#end(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    try {
      const answer = once(this.#lines, "line");
      const message = [script, ...args].map((text) => `${text}\0`).join("");
      this.#child.stdin.write(`${Buffer.from(message).toString("base64")}\n`);
      const [line] = await Promise.race([answer, this.#failure.promise]);
      return read(line);
    } finally {
      clearTimeout(timer);
    }
  }

  #end(reason: string): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    this.#failure.reject(new Error(reason));
    this.#child.kill("SIGKILL");
  }
}

function read(line: string): string {
  const [code, out = "", err = ""] = line.split(" ");
  const [output, complaints] = [out, err].map((text) => Buffer.from(text, "base64").toString());
  if (code !== "0")
    throw new Error(`exit code ${code}: ${(complaints?.trim() || output?.trim() || "it said nothing").slice(-lastWordsMax)}`);
  return output ?? "";
}

/** The shells of the lab's nodes. */
export class NodeShells {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #command: (node: string) => readonly string[];
  readonly #shells = new Map<string, NodeShell>();

  constructor(environment: NodeJS.ProcessEnv, command = (node: string): readonly string[] => ["docker", "exec", "--interactive", node]) {
    this.#environment = environment;
    this.#command = command;
  }

  /** Runs a script in a node and resolves with its standard output. @throws Error when it fails, is not done in time, or the node does not run */
  async run(node: string, asked: NodeScript): Promise<string> {
    let shell = this.#shells.get(node);
    if (shell === undefined || shell.ended !== undefined) {
      shell = new NodeShell(this.#command(node), this.#environment);
      this.#shells.set(node, shell);
    }
    try {
      return await shell.run(asked);
    } catch (failure) {
      throw new Error(`on ${node}: ${failure instanceof Error ? failure.message : String(failure)}`, { cause: failure });
    }
  }
}
