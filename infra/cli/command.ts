/** What a command is, and how its words are read: node:util's parseArgs, with one clear line and the nearest suggestion for a mistake. */
import { type ParseArgsConfig, parseArgs, styleText } from "node:util";

export type OptionValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

export interface CommandOption {
  type: "string" | "boolean";
  /** Shown after the option's name in the help, for strings: `auto|upstream|packages`. */
  placeholder?: string;
  /** The only values taken, for strings. */
  choices?: readonly string[];
  short?: string;
  description: string;
}

export interface Command {
  /** Words after the command's name, as the help shows them: `[part]`. */
  positionals?: { usage: string; description: string; choices?: readonly string[]; max: number };
  /** Everything after `--` is handed over as it is. */
  passthrough?: boolean;
  description: string;
  options: Record<string, CommandOption>;
  examples: readonly string[];
  /** @returns the exit code */
  run(values: OptionValues, words: readonly string[], passed: readonly string[]): Promise<number>;
}

export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The words on the command line are not right; nothing has been done. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** Edits (insert, delete, replace, swap neighbours) that turn one word into the other. */
export function editDistance(from: string, to: string): number {
  const rows: number[][] = Array.from({ length: from.length + 1 }, (_, row) => [row]);
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let column = 0; column <= to.length; column += 1) (rows[0] as number[])[column] = column;
  for (let row = 1; row <= from.length; row += 1) {
    for (let column = 1; column <= to.length; column += 1) {
      const cost = from[row - 1] === to[column - 1] ? 0 : 1;
      let distance = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + cost);
      if (from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) distance = Math.min(distance, at(row - 2, column - 2) + 1);
      (rows[row] as number[])[column] = distance;
    }
  }
  return at(from.length, to.length);
}

/** The known word nearest to a mistyped one, if any is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const scored = known
    .map((candidate) => ({ candidate, distance: candidate.startsWith(word) && word.length > 1 ? 0.5 : editDistance(word, candidate) }))
    .sort((left, right) => left.distance - right.distance);
  const best = scored[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined;
}

/** `unknown X "foo"; did you mean "food"?`, or what there is instead. */
export function unknownWord(kind: string, word: string, known: readonly string[]): string {
  const suggestion = nearest(word, known);
  return `unknown ${kind} "${word}"${suggestion === undefined ? `; there are: ${known.join(", ")}` : `; did you mean "${suggestion}"?`}`;
}

const helpOption: CommandOption = { type: "boolean", short: "h", description: "show this help" };

export interface ParsedCommand {
  values: OptionValues;
  words: string[];
  passed: string[];
}

function checkChoices(command: Command, values: OptionValues, words: readonly string[]): void {
  for (const [name, option] of Object.entries(command.options)) {
    const value = values[name];
    if (typeof value === "string" && option.choices && !option.choices.includes(value)) {
      throw new UsageError(unknownWord(`value for --${name}`, value, option.choices));
    }
  }
  const extra = words[command.positionals?.max ?? 0];
  if (extra !== undefined) throw new UsageError(`unexpected word "${extra}"`);
  const choices = command.positionals?.choices;
  for (const word of words) {
    if (choices && !choices.includes(word)) throw new UsageError(unknownWord("word", word, choices));
  }
}

/**
 * Reads a command's words.
 * @throws UsageError
 */
export function parseCommand(command: Command, args: readonly string[]): ParsedCommand {
  const end = command.passthrough ? args.indexOf("--") : -1;
  const own = end === -1 ? [...args] : args.slice(0, end);
  const options: Record<string, CommandOption> = { ...command.options, help: helpOption };
  const config: ParseArgsConfig = {
    args: own,
    strict: true,
    allowPositionals: true,
    options: Object.fromEntries(
      Object.entries(options).map(([name, option]) => [name, { type: option.type, ...(option.short ? { short: option.short } : {}) }]),
    ),
  };
  try {
    const { values, positionals } = parseArgs(config);
    if (values.help !== true) checkChoices(command, values, positionals);
    return { values, words: positionals, passed: end === -1 ? [] : args.slice(end + 1) };
  } catch (failure) {
    if (!(failure instanceof TypeError)) throw failure;
    const unknown = /^Unknown option '(-{1,2})([^']+)'/.exec(failure.message);
    if (unknown?.[2] !== undefined) {
      const known = Object.keys(options);
      const suggestion = nearest(unknown[2], known);
      throw new UsageError(
        `unknown option ${unknown[1]}${unknown[2]}${suggestion ? `; did you mean --${suggestion}?` : `; there are: ${known.map((name) => `--${name}`).join(", ")}`}`,
      );
    }
    throw new UsageError(failure.message.replace(/^Option '([^']+)'/, "$1").split("\n")[0] ?? failure.message);
  }
}

function bold(text: string): string {
  return styleText("bold", text, { stream: process.stdout, validateStream: true });
}

/** The help page of one command. */
export function helpText(name: string, command: Command): string {
  const options = Object.entries({ ...command.options, help: helpOption }).map(([option, details]) => {
    const value = details.type === "string" ? ` ${details.placeholder ?? details.choices?.join("|") ?? "value"}` : "";
    return { left: `  ${details.short ? `-${details.short}, ` : "    "}--${option}${value}`, right: details.description };
  });
  const width = Math.max(...options.map(({ left }) => left.length)) + 2;
  const words = command.positionals ? ` ${command.positionals.usage}` : "";
  return [
    `${bold("Usage:")} ./dsp ${name}${words} [options]${command.passthrough ? " [-- command…]" : ""}`,
    "",
    command.description,
    ...(command.positionals ? ["", `  ${command.positionals.usage}  ${command.positionals.description}`] : []),
    "",
    bold("Options:"),
    ...options.map(({ left, right }) => `${left.padEnd(width)}${right}`),
    "",
    bold("Examples:"),
    ...command.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}
