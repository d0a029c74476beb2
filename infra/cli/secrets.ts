import { type Rotatable, rotatable } from "../secrets/generate.ts";
import { ensureSecrets, rotate } from "../secrets.ts";
import { type Command, exitCodes, UsageError, unknownWord } from "./command.ts";
import { secretNeeds, secretStore, writeAuthority } from "./stack-secrets.ts";

export const secrets: Command = {
  description:
    "Makes or rotates a stack's secrets: its certificate authority and certificates, token signing key, Redis and PostgreSQL passwords,\n" +
    "the watchers' token. They are kept encrypted in the stack's settings and never printed. The change reaches the platform with the next up\n" +
    "(for another stack: pulumi up); tokens signed with the key before stay good.",
  positionals: {
    usage: "make | rotate <which>…",
    description: `make: what is missing or near its end. rotate: ${rotatable.join(", ")}`,
    max: 1 + rotatable.length,
  },
  options: { stack: { type: "string", placeholder: "name", description: "the stack (default: lab)" } },
  examples: ["./dsp secrets make --stack production", "./dsp secrets rotate token"],
  async run(values, words) {
    const [action, ...which] = words;
    const stack = typeof values.stack === "string" ? values.stack : "lab";
    if (action === undefined) throw new UsageError("say what to do: make, or rotate and what");
    if (action !== "make" && action !== "rotate") throw new UsageError(unknownWord("word", action, ["make", "rotate"]));
    if (action === "make" && which[0] !== undefined) throw new UsageError(`unexpected word "${which[0]}"`);
    if (action === "rotate" && which.length === 0) throw new UsageError(`say what to rotate: ${rotatable.join(", ")}`);
    const wrong = which.find((name) => !rotatable.includes(name as Rotatable));
    if (wrong !== undefined) throw new UsageError(unknownWord("secret", wrong, rotatable));
    const store = secretStore(stack);
    const needs = secretNeeds(stack);
    const made = action === "make" ? await ensureSecrets(store, needs) : await rotate(store, needs, which as Rotatable[]);
    const caFile = await writeAuthority(store);
    process.stdout.write(made.length === 0 ? "nothing had to be made\n" : `made: ${made.join(", ")}\nauthority to trust: ${caFile}\n`);
    return exitCodes.ok;
  },
};
