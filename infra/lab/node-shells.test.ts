import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NodeShells } from "./node-shells.ts";

/** Shells of this machine stand for those of nodes. */
const shells = () => new NodeShells(process.env, () => ["env"]);
const timeoutMs = 20_000;

describe("a node's shell", () => {
  it("takes any script with any arguments, and gives what it prints", async () => {
    const args = ["a b", 'it\'s\n"two" lines', "$HOME `id` é", ""];
    const printed = await shells().run("node", { script: 'printf "<%s>" "$@"; echo unheard >&2', args, timeoutMs });
    expect(printed).toBe(args.map((text) => `<${text}>`).join(""));
  });

  it("stays the same for one script after the other, and for those that are asked for at once", async () => {
    const kept = shells();
    const asked = { script: "echo $PPID-$1", timeoutMs };
    const first = await kept.run("node", { ...asked, args: ["0"] });
    const more = await Promise.all(["1", "2", "3"].map((name) => kept.run("node", { ...asked, args: [name] })));
    const [parent] = first.split("-");
    expect(more).toEqual(["1", "2", "3"].map((name) => `${parent}-${name}\n`));
  });

  it("says why a script failed, and that it stopped there", async () => {
    const kept = shells();
    const folder = mkdtempSync(join(tmpdir(), "dsp-node-shell-"));
    const script = 'echo before > "$1/seen"; ls "$1/nowhere"; echo after > "$1/seen"';
    await expect(kept.run("node-1", { script, args: [folder], timeoutMs })).rejects.toThrow(/^on node-1: exit code 2: .*nowhere/);
    expect(readFileSync(join(folder, "seen"), "utf8")).toBe("before\n");
    expect(await kept.run("node-1", { script: "echo well", timeoutMs })).toBe("well\n");
  });

  it("gives up a script that takes too long, and never its answer to another", async () => {
    const kept = shells();
    await expect(kept.run("node", { script: "sleep 1; echo late", timeoutMs: 100 })).rejects.toThrow("on node: no answer within 0.1 s");
    expect(await kept.run("node", { script: "echo next", timeoutMs })).toBe("next\n");
  });

  it("is made anew when it has ended", async () => {
    const kept = shells();
    await expect(kept.run("node", { script: "kill -KILL $PPID", timeoutMs })).rejects.toThrow("on node: it is closed");
    expect(await kept.run("node", { script: "echo again", timeoutMs })).toBe("again\n");
  });

  it("cannot be had where there is none", async () => {
    const none = new NodeShells(process.env, () => ["bash", "-c", "echo no such container >&2; exit 1"]);
    await expect(none.run("node", { script: "true", timeoutMs })).rejects.toThrow("on node: no such container");
  });
});
