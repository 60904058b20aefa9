import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeAgent } from "../operator/status/fake_agent.ts";
import { toDocument } from "../../src/lib/document.ts";
import { showStatus, type StatusTools } from "../../src/cli/status.ts";

const command = {
  name: "status",
  configPath: undefined,
  url: "127.0.0.1:9464",
  watch: false,
  json: false,
} as const;

/** What was printed and asked for. `answers` are given in turn, the last one ever after. */
class Bench {
  out = "";
  error = "";
  readonly urls: string[] = [];
  readonly tools: StatusTools;

  constructor(answers: readonly (string | Error)[], options: { isTerminal?: boolean; rounds?: number } = {}) {
    const { isTerminal = false, rounds = 1 } = options;
    let round = 0;
    this.tools = {
      fetch: (url) => {
        this.urls.push(url);
        const answer = answers[Math.min(this.urls.length, answers.length) - 1];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(new Response(answer));
      },
      sleep: () => ++round < rounds ? Promise.resolve() : Promise.reject(new Error("interrupted")),
      printOut: (text) => this.out += text,
      printError: (text) => this.error += text,
      terminal: () => isTerminal ? { width: 100, colour: true } : null,
    };
  }
}

async function statusOf(prepare: (agent: FakeAgent) => Promise<unknown>): Promise<string> {
  await using agent = new FakeAgent();
  await prepare(agent);
  return JSON.stringify(toDocument(agent.telemetry.report()));
}

const ready = await statusOf((agent) => agent.work());
const unready = await statusOf(() => Promise.resolve());

Deno.test("showStatus() prints the status and ends with 0 when the agent is ready, with 1 when it is not", async () => {
  const good = new Bench([ready]);
  assert.equal(await showStatus(command, good.tools), 0);
  assert.deepEqual(good.urls, ["http://127.0.0.1:9464/api/status"]);
  assert.match(good.out, /^ih-miner \S+ ready, .*\n[^]*won 1\.65 PH\/s/);
  // deno-lint-ignore no-control-regex -- colours are what is looked for
  assert.doesNotMatch(good.out, /\x1b/);

  const bad = new Bench([unready]);
  assert.equal(await showStatus(command, bad.tools), 1);
  assert.match(bad.out, /not ready[^]*✗ Auction job: Has not succeeded yet/);
});

Deno.test("showStatus() prints the agent's own document with --json", async () => {
  const bench = new Bench([ready]);
  assert.equal(await showStatus({ ...command, json: true }, bench.tools), 0);
  assert.deepEqual(JSON.parse(bench.out), JSON.parse(ready));
});

for (
  const [what, answer, message] of [
    [
      "does not answer",
      new Error("Connection refused"),
      /Connection refused; check that the agent runs and that its/,
    ],
    ["is something else", "<html>", /Cannot get the status from .*JSON.*--url/],
    [
      "speaks another format",
      '{"format": 7}',
      /its format is 7, this program supports 1; use the version of ih-miner/,
    ],
    ["answers nonsense", "null", /its format is null/],
  ] as const
) {
  Deno.test(`showStatus() says what to do when the address ${what}`, async () => {
    const bench = new Bench([answer]);
    assert.equal(await showStatus(command, bench.tools), 1);
    assert.equal(bench.out, "");
    assert.match(bench.error, message);
  });
}

Deno.test("showStatus() with --watch draws over the former status, through an agent that is away", async () => {
  const bench = new Bench([ready, new Error("gone"), ready], { isTerminal: true, rounds: 3 });
  await assert.rejects(showStatus({ ...command, watch: true }, bench.tools), /interrupted/);
  assert.equal(bench.urls.length, 3);
  assert.equal(bench.out.split("\x1b[H\x1b[J").length, 4);
  assert.match(bench.error, /gone/);

  const lines = new Bench([ready], { isTerminal: true, rounds: 2 });
  await assert.rejects(showStatus({ ...command, watch: true, json: true }, lines.tools), /interrupted/);
  assert.equal(lines.out.trimEnd().split("\n").length, 2);
});

Deno.test("showStatus() asks where the configuration says, and this machine when that is everywhere", async () => {
  const folder = await Deno.makeTempDir();
  const configPath = join(folder, "config.toml");
  const config = `[bittensor]\nnetwork = "local"\nnetuid = 89\n[wallet]\nname = "a"\nhotkey_name = "b"\n` +
    `directory = "c"\n[http]\nlisten = `;
  for (
    const [listen, url] of [
      ["127.0.0.1:7000", "http://127.0.0.1:7000/api/status"],
      ["0.0.0.0:7000", "http://127.0.0.1:7000/api/status"],
      ["[::]:7000", "http://[::1]:7000/api/status"],
    ]
  ) {
    await Deno.writeTextFile(configPath, `${config}"${listen}"\n`);
    const bench = new Bench([ready]);
    await showStatus({ ...command, url: undefined, configPath }, bench.tools);
    assert.deepEqual(bench.urls, [url]);
  }
  await Deno.writeTextFile(configPath, `${config}7000\n`);
  const bench = new Bench([ready]);
  assert.equal(await showStatus({ ...command, url: undefined, configPath }, bench.tools), 2);
  assert.match(bench.error, /\[http\] listen: must be a string/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("showStatus() takes a URL with or without its scheme, and refuses anything else", async () => {
  for (const url of ["https://agent.example/", "http://agent.example:80"]) {
    const bench = new Bench([ready]);
    await showStatus({ ...command, url }, bench.tools);
    assert.deepEqual(bench.urls, [`${url.replace(/\/$/, "")}/api/status`]);
  }
  const bench = new Bench([ready]);
  assert.equal(await showStatus({ ...command, url: "no url" }, bench.tools), 2);
  assert.match(bench.error, /--url: is not a URL: "no url"; give one such as http:\/\/127\.0\.0\.1:9464/);
});
