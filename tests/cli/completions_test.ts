/** Each shell itself completes a command line, with the script that ih-miner prints. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMAND_WORDS, type Shell, SHELLS } from "../../src/cli/commands.ts";
import { completionScript } from "../../src/cli/completions.ts";
import { locateProgram } from "../../src/lib/program.ts";

/** Each shell's program that prints what completes `$1`, one candidate a line, with the script `$2`, in the folder `$3`. */
const ASK: Readonly<Record<Shell, string>> = {
  bash: `
source "$2"; cd "$3"
read -ra COMP_WORDS <<<"\${1//=/ = }"
[[ $1 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
"$(complete -p ih-miner | sed 's/.*-F \\([^ ]*\\).*/\\1/')"
printf '%s\\n' "\${COMPREPLY[@]}"`,
  fish: `source $argv[2]; cd $argv[3]; complete -C $argv[1] | string split -f1 \\t`,
  // A shell in a terminal of its own, in which Tab is pressed: zsh has no other way to ask.
  zsh: `
zmodload zsh/zpty
cd "$3"
zpty shell zsh -f -i
zpty -w shell "autoload -Uz compinit; compinit -D -u; source $2; zstyle ':completion:*' list-separator '#'
LISTMAX=999; PS1='RE''ADY'"
zpty -r shell answer '*READY*'
zpty -w -n shell "$1"$'\\t\\t\\C-a#\\n'
zpty -r shell answer '*READY*'
print -r -- "$answer"`,
};

const CASES: readonly (readonly [what: string, line: string, present: readonly string[], absent: string])[] =
  [
    ["commands and files", "ih-miner ", [...COMMAND_WORDS, "farm.toml"], "--json"],
    ["the options of a command", "ih-miner status --", ["--watch", "--url", "--json"], "--days"],
    ["the options of a run", "ih-miner --", ["--once", "--dry-run", "--version"], "--watch"],
    ["the jobs", "ih-miner --once ", ["auction", "commitment"], "farm.toml"],
    ["the shells", "ih-miner completions ", [...SHELLS], "farm.toml"],
    ["the files after a command", "ih-miner check ", ["farm.toml"], "status"],
  ];

for (const shell of SHELLS) {
  const program = await locateProgram(shell, Deno.env.get("PATH") ?? "");
  const skipped = program === null ? ` (skipped: no ${shell})` : "";
  Deno.test({
    name: `${shell} completes commands, options, their values and files${skipped}`,
    ignore: program === null,
    fn: async () => {
      const folder = await Deno.makeTempDir({ prefix: "ih-miner-completions-" });
      try {
        const script = join(folder, "script");
        await Deno.writeTextFile(script, completionScript(shell));
        const work = join(folder, "work");
        await Deno.mkdir(work);
        await Deno.writeTextFile(join(work, "farm.toml"), "");
        for (const [what, line, present, absent] of CASES) {
          const words = new Set(await ask(program!, shell, [line, script, work]));
          for (const word of present) {
            assert.ok(words.has(word), `${what}: ${word} is not in ${[...words].join(" ")}`);
          }
          assert.ok(!words.has(absent), `${what}: ${absent} is in ${[...words].join(" ")}`);
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test("bash completes the value of --option=value", async () => {
  const script = await Deno.makeTempFile();
  await Deno.writeTextFile(script, completionScript("bash"));
  assert.deepEqual(await ask("bash", "bash", ["ih-miner --log-format=p", script, "/"]), ["pretty"]);
  await Deno.remove(script);
});

async function ask(program: string, shell: Shell, args: readonly string[]): Promise<string[]> {
  const quiet = { bash: ["--norc"], zsh: ["-f"], fish: ["--no-config"] }[shell];
  const name = shell === "fish" ? [] : [shell];
  const { stdout } = await new Deno.Command(program, {
    args: [...quiet, "-c", ASK[shell], ...name, ...args],
    stdin: "null",
    stderr: "null",
    env: { TERM: "dumb", HOME: "/nonexistent" },
    signal: AbortSignal.timeout(20_000),
  }).output();
  return new TextDecoder().decode(stdout).split(/\s+/).filter((word) => word !== "");
}
