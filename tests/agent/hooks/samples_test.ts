import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HookName } from "../../../src/config/schema.ts";
import { HookRunner } from "../../../src/agent/hooks/hooks.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

const SAMPLES = fileURLToPath(new URL("../../../scripts/hooks", import.meta.url));

const WON = {
  job: "auction",
  status: "done",
  hotkey: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
  reason: null,
  wonCount: 4,
  lostCount: 1,
  wonHashratePh: 1.4,
  lostHashratePh: 0.25,
  ambiguous: false,
  budgetPh: 1.5,
  window: {
    index: 3,
    firstBlock: 8_000_040,
    firstBlockTime: "2026-11-23T12:00:00.000Z",
    lastBlockTime: "2026-11-23T12:11:48.000Z",
  },
};
const FAILED = {
  job: "commitment",
  status: "failed",
  error: { name: "ChainError", message: 'no endpoint answers & "more"' },
};

async function lacks(...programs: readonly string[]): Promise<boolean> {
  for (const program of programs) {
    const { success } = await new Deno.Command("sh", {
      args: ["-c", `command -v ${program}`],
      stdout: "null",
    })
      .output();
    if (success) continue;
    // deno-lint-ignore no-console -- the reason of a skip is for whoever runs the tests
    console.warn(`skipped: there is no ${program} on this machine`);
    return true;
  }
  return false;
}

async function callSample(
  hook: HookName,
  words: readonly string[],
  documents: readonly unknown[],
): Promise<LogRecorder> {
  const log = new LogRecorder();
  const hooks = new HookRunner({ log });
  for (const document of documents) {
    hooks.call(hook, document, { programs: { [hook]: words }, timeoutMs: 30_000 });
  }
  await hooks.settled();
  return log;
}

Deno.test("append-result.sh appends a line for each window", async () => {
  if (await lacks("jq")) return;
  const folder = await Deno.makeTempDir();
  const file = join(folder, "results.csv");
  const lost = {
    ...WON,
    wonCount: 0,
    wonHashratePh: 0,
    lostCount: 5,
    lostHashratePh: 1.65,
    reason: "outbid",
  };
  const log = await callSample("on_result", [join(SAMPLES, "append-result.sh"), file], [WON, lost]);
  assert.deepEqual(log.events(), ["Hook done", "Hook done"]);
  assert.equal(
    await Deno.readTextFile(file),
    `begins,first_block,window,won_ph,lost_ph,won_workers,lost_workers,budget_ph,ambiguous,reason,status
"2026-11-23T12:00:00.000Z",8000040,3,1.4,0.25,4,1,1.5,false,,"done"
"2026-11-23T12:00:00.000Z",8000040,3,0,1.65,0,5,1.5,false,"outbid","done"
`,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("append-result.sh fails where it cannot do its work", async () => {
  if (await lacks("jq")) return;
  const log = await callSample("on_result", [join(SAMPLES, "append-result.sh"), "/no/such/folder/x.csv"], [
    WON,
  ]);
  assert.match(String(log.fieldsOf("Hook failed")?.stderr), /\/no\/such\/folder\/x\.csv/);
  const unnamed = await callSample("on_result", [join(SAMPLES, "append-result.sh")], [WON]);
  assert.match(String(unnamed.fieldsOf("Hook failed")?.stderr), /name the file to append to/);
});

Deno.test("telegram.sh sends a message without showing the token", async () => {
  if (await lacks("jq", "curl")) return;
  const received: { readonly path: string; readonly form: Record<string, string> }[] = [];
  let status = 200;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const form = Object.fromEntries(new URLSearchParams(await request.text()));
    received.push({ path: new URL(request.url).pathname, form });
    return new Response("{}", { status });
  });
  const conf = await Deno.makeTempFile();
  await Deno.writeTextFile(
    conf,
    `token='123:t0ken'\nchat='-42'\napi='http://127.0.0.1:${server.addr.port}'\n`,
  );
  const words = [join(SAMPLES, "telegram.sh"), conf];
  const good = await callSample("on_won", words, [WON, FAILED]);
  assert.deepEqual(good.events(), ["Hook done", "Hook done"]);
  assert.deepEqual(received, [
    {
      path: "/bot123:t0ken/sendMessage",
      form: {
        chat_id: "-42",
        text:
          "ih-miner 5Grwva…: 1.4 PH/s won (4 workers), 0.25 PH/s lost (1), until about 2026-11-23T12:11:48.000Z",
      },
    },
    {
      path: "/bot123:t0ken/sendMessage",
      form: { chat_id: "-42", text: 'ih-miner: commitment failed: no endpoint answers & "more"' },
    },
  ]);
  status = 401;
  const refused = await callSample("on_won", words, [WON]);
  assert.match(String(refused.fieldsOf("Hook failed")?.stderr), /401/);
  assert.doesNotMatch(JSON.stringify([good.lines, refused.lines]), /t0ken/);
  await Deno.remove(conf);
});

Deno.test("the samples are clean POSIX sh", async () => {
  if (await lacks("shellcheck")) return;
  const scripts = (await Array.fromAsync(Deno.readDir(SAMPLES))).map(({ name }) => join(SAMPLES, name));
  const { success, stdout } = await new Deno.Command("shellcheck", { args: ["--shell=sh", ...scripts] })
    .output();
  assert.ok(success, new TextDecoder().decode(stdout));
  for (const script of scripts) {
    assert.equal((await Deno.stat(script)).mode! & 0o111, 0o111, `${script} is executable`);
  }
});
