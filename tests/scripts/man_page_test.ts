import assert from "node:assert/strict";
import { ALL_COMMANDS, ALL_OPTIONS, commandUsage, EXIT_CODES } from "../../src/cli/commands.ts";
import { locateProgram } from "../../src/lib/program.ts";
import { manPage } from "../../scripts/man_page.ts";

const mandoc = await locateProgram("mandoc", Deno.env.get("PATH") ?? "");
const PAGE = manPage("1.2.3", { commitDate: "2026-11-27" });

async function runMandoc(args: readonly string[]): Promise<{ code: number; text: string }> {
  const child = new Deno.Command(mandoc!, { args: [...args], stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(PAGE));
  await writer.close();
  const { code, stdout } = await child.output();
  return { code, text: new TextDecoder().decode(stdout) };
}

Deno.test({
  name: `the man page has no fault that mandoc finds${mandoc === null ? " (skipped: no mandoc)" : ""}`,
  ignore: mandoc === null,
  fn: async () => {
    assert.deepEqual(await runMandoc(["-Tlint"]), { code: 0, text: "" });
  },
});

Deno.test({
  name: `the man page shows every command, option and exit code${
    mandoc === null ? " (skipped: no mandoc)" : ""
  }`,
  ignore: mandoc === null,
  fn: async () => {
    const { text } = await runMandoc(["-Tascii", "-Owidth=200"]);
    const plain = text.replaceAll(/.[\b]/g, "");
    for (const command of ALL_COMMANDS) assert.ok(plain.includes(commandUsage(command)), command.usage);
    for (const [name, { about }] of ALL_OPTIONS) {
      assert.ok(plain.includes(`--${name}`), name);
      assert.ok(plain.includes(about.slice(0, 60)), about);
    }
    for (const [code, about] of EXIT_CODES) {
      assert.match(plain, new RegExp(`^ +${code}\\s+${about.slice(0, 30)}`, "m"));
    }
  },
});

Deno.test("roff commands in the texts are shown as they are, not obeyed", () => {
  const lines = PAGE.split("\n").filter((line) => line.startsWith(".") || line.startsWith("'"));
  for (const line of lines) assert.match(line, /^\.(TH|SH|TP|B|PP|br)\b/);
});
