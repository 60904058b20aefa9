import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { toDocument } from "../../src/lib/document.ts";
import { FakeAgent } from "../operator/status/fake_agent.ts";
import { HAS_TERMINALS, onTerminal, SKIPPED } from "../support/on_terminal.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const PROGRAM = [Deno.execPath(), "run", "-A", "--quiet", MAIN];
const ESCAPE = "\x1b";

/** Runs `ih-miner status` of an agent that has worked. */
async function withAgent(run: (status: string[]) => Promise<void>): Promise<void> {
  await using agent = new FakeAgent();
  await agent.work();
  const body = JSON.stringify(toDocument(agent.telemetry.report()));
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(body),
  );
  await run([...PROGRAM, "status", "--url", `http://127.0.0.1:${server.addr.port}`]);
}

Deno.test("what is no terminal gets no colours and no other control sequences", async () => {
  await withAgent(async (status) => {
    const others = [["--help"], ["completions", "zsh"], ["config", "/nowhere.toml"], ["init"]];
    for (const words of [status, ...others.map((args) => [...PROGRAM, ...args])]) {
      const [program = "", ...args] = words;
      const { stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
      const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assert.notEqual(text, "");
      assert.ok(!text.includes(ESCAPE), JSON.stringify(text));
    }
  });
});

Deno.test({
  name: `a terminal gets colours, but not where NO_COLOR is set${SKIPPED}`,
  ignore: !HAS_TERMINALS,
  fn: async () => {
    await withAgent(async (status) => {
      for (const [env, isColoured] of [[{}, true], [{ NO_COLOR: "1" }, false]] as const) {
        const { shown } = await onTerminal(status, env);
        assert.match(shown, /PH\/s/);
        assert.equal(shown.includes(ESCAPE), isColoured, JSON.stringify(shown));
      }
    });
  },
});
