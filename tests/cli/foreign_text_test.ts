/** Every way out of the program, with texts that would mislead a terminal or its reader. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HookOutput } from "../../src/agent/hooks/output.ts";
import { runCheck } from "../../src/cli/check.ts";
import { showConfig } from "../../src/cli/show_config.ts";
import { showStatus } from "../../src/cli/status.ts";
import type { Environment } from "../../src/config/environment.ts";
import { documentText, toDocument } from "../../src/lib/document.ts";
import { type LogFormat, logger, startLogging, stopLogging } from "../../src/lib/log.ts";
import { webhookBody } from "../../src/operator/alerts/message.ts";
import { checkAsics } from "../../src/operator/check/reach_findings.ts";
import { formatFinding } from "../../src/operator/check/finding.ts";
import { answer } from "../../src/operator/status/routes.ts";
import { renderTerminal } from "../../src/operator/status/terminal.ts";
import { startMiner } from "../../src/simulator/asic/mod.ts";
import { NOTIFICATION } from "../operator/alerts/fake_service.ts";
import { ASICS, FakeAgent } from "../operator/status/fake_agent.ts";
import { assertPrintable, FOREIGN_TEXTS } from "../support/foreign_text.ts";
import { LogRecorder } from "../support/log_recorder.ts";

/** An agent that heard the text from everything that it listens to. */
async function agentThatHeard(text: string): Promise<FakeAgent> {
  const agent = new FakeAgent();
  await agent.work({ overrides: { reason: { code: "outbid", message: text } } });
  agent.routeAsics({
    miners: [{ ...ASICS[0]!, name: text, workerId: text, problem: { kind: "refused", message: text } }],
  }, true);
  agent.route({ path: text, values: [{ key: text, previous: text, value: text }], reloadError: text });
  agent.measureCredit({ [text]: 0.2 });
  agent.checkCommitment({ text });
  agent.telemetry.log.error(text, { [text]: text, nested: { [text]: [text] } });
  agent.callHook("on_won", text);
  agent.postAlert(text, true);
  agent.run("auction", new Error(text));
  agent.observe({ kind: "settings-failed", error: new Error(text) });
  agent.observe({ kind: "endpoint-failed", failure: { endpoint: text, kind: "timeout" } });
  return agent;
}

async function served(path: string, text: string): Promise<string> {
  await using agent = await agentThatHeard(text);
  const { telemetry } = agent;
  const response = await answer(new Request(`http://127.0.0.1:9464${path}`), {
    report: () => telemetry.report(),
    metrics: () => telemetry.metricsText(),
    metricsContentType: "text/plain",
  });
  return await response.text();
}

async function logged(format: LogFormat, text: string): Promise<string> {
  let log = "";
  const decoder = new TextDecoder();
  await startLogging({
    level: "info",
    format,
    stream: {
      writeSync: (bytes) => {
        log += decoder.decode(bytes);
        return bytes.length;
      },
    },
  });
  logger().with({ [text]: text }).error(text, {
    value: text,
    spaced: `with a space ${text}`,
    error: new Error(text),
    nested: [{ [text]: text }],
  });
  await stopLogging();
  assert.match(log, /^[^\n]*\n$/, "one line");
  return log;
}

async function statusPrinted(answer: string, json: boolean): Promise<string> {
  let printed = "";
  const print = (text: string): void => void (printed += text);
  await showStatus({ name: "status", configPath: undefined, url: "127.0.0.1:9", watch: false, json }, {
    fetch: () => Promise.resolve(new Response(answer)),
    sleep: () => Promise.resolve(),
    printOut: print,
    printError: print,
    terminal: () => null,
  });
  return printed;
}

async function withConfig<Result>(
  config: string,
  use: (configPath: string) => Promise<Result>,
): Promise<Result> {
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-foreign-" });
  try {
    const configPath = join(folder, "config.toml");
    await Deno.writeTextFile(configPath, config);
    return await use(configPath);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const CONFIG = `[bittensor]
network = "finney"
netuid = 89
[wallet]
name = "a"
hotkey_name = "b"
directory = "/wallets"
[workers]
price_multiplier = "1"
worker_sizes = { "0.45" = 2 }
[routing]
pools_path = "/etc/ihp/pools.toml"
`;

async function showConfigOf(
  configPath: string,
  json: boolean,
  environment: Environment = {},
): Promise<string> {
  const { text, error } = await showConfig({ name: "config", configPath, json }, {
    HOME: "/home/op",
    ...environment,
  });
  return text + error;
}

/** What `config` prints with a pool of this name, which the configuration may refuse. */
async function configShown(subnetPoolName: string, json: boolean): Promise<string> {
  const environment = { APS_MINER_SUBNET_POOL_NAME: subnetPoolName };
  return await withConfig(CONFIG, (path) => showConfigOf(path, json, environment));
}

/** What `config` prints of a bid with such a worker size. */
async function bidErrors(size: string): Promise<string> {
  return await withConfig(CONFIG.replace('"0.45"', JSON.stringify(size)), async (configPath) => {
    const { text, error } = await showConfig({ name: "config", configPath, json: false }, {
      HOME: "/home/op",
    });
    return text + error;
  });
}

/** A way out, with the value that a program reads there, if any, in which the text must be as it was. */
interface WayOut {
  readonly give: (text: string) => Promise<string> | string;
  readonly find?: (output: string) => unknown;
}

const WAYS_OUT: Readonly<Record<string, WayOut>> = {
  "the pretty log": { give: (text) => logged("pretty", text) },
  "the JSON log": { give: (text) => logged("json", text), find: (line) => JSON.parse(line).value },
  "result documents": {
    give: (text) => documentText({ value: text }),
    find: (document) => JSON.parse(document).value,
  },
  "the status in a terminal": {
    give: async (text) => {
      await using agent = await agentThatHeard(text);
      const report = agent.telemetry.report();
      const plain = renderTerminal(report, { width: 400, colour: false });
      const coloured = renderTerminal(report, { width: 400, colour: true });
      // deno-lint-ignore no-control-regex -- the colours are ours
      assert.equal(coloured.replaceAll(/\x1b\[\d+m/g, ""), plain);
      return plain;
    },
  },
  "status, of an agent that lies": {
    give: async (text) => {
      await using agent = await agentThatHeard("nothing");
      const lie = (value: unknown): unknown =>
        typeof value === "string" && Number.isNaN(Date.parse(value))
          ? text
          : Array.isArray(value)
          ? value.map(lie)
          : typeof value === "object" && value !== null
          ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, lie(item)]))
          : value;
      return await statusPrinted(JSON.stringify(lie(toDocument(agent.telemetry.report()))), false);
    },
  },
  "status --json": {
    give: (text) => statusPrinted(JSON.stringify({ format: 1, ready: true, value: text }), true),
    find: (document) => JSON.parse(document).value,
  },
  "errors of status": { give: (text) => statusPrinted(JSON.stringify({ format: text }), false) },
  "the page": { give: (text) => served("/", text) },
  "/readyz": { give: (text) => served("/readyz", text) },
  "/api/status": { give: (text) => served("/api/status", text) },
  "/metrics": { give: (text) => served("/metrics", text) },
  "a finding of check": {
    give: (text) => {
      const shown = formatFinding({ status: "fail", check: "asic", message: text, fix: text });
      assert.equal(shown.match(/^\S/gm)?.length, 1, "no line of its own");
      return shown;
    },
  },
  "check, of a miner's answers": {
    give: async (text) => {
      await using server = startMiner();
      server.rewrite = (json) =>
        JSON.stringify({ STATUS: [{ STATUS: "E", Code: 45, Msg: text }] }).replace(
          "E",
          json.includes("priv") ? "E" : "F",
        );
      const miner = {
        name: text,
        host: server.host,
        port: server.port,
        hashrateFp18: 10n ** 17n,
        subnetPool: 1,
        fallbackPool: 0,
      };
      const { findings } = await checkAsics({
        routing: {
          kind: "on",
          targets: [],
          fleet: { miners: [miner], share: 1, timeoutMs: 1000 },
          warnings: [],
        },
      });
      assert.equal(findings.length, 2);
      return findings.map(formatFinding).join("");
    },
  },
  "check, of a configuration": {
    give: async (text) => {
      const parts = { log: new LogRecorder(), signal: new AbortController().signal, environment: {} };
      const [forPeople, forPrograms] = await Promise.all(
        [false, true].map((json) => runCheck({ configPath: `/${text}`, json }, parts)),
      );
      return forPeople!.text + forPrograms!.text;
    },
  },
  "config": { give: (text) => configShown(text, false) },
  "config --json": { give: (text) => configShown(text, true) },
  "errors of config": { give: (text) => showConfigOf(`/${text}`, false) },
  "errors of config --json": {
    give: (text) => showConfigOf(`/${text}`, true),
  },
  "errors of config in the bid": { give: bidErrors },
  "alerts for programs": {
    give: (text) =>
      webhookBody({ ...NOTIFICATION, alert: { ...NOTIFICATION.alert, text, title: text } }, "json"),
    find: (body) => JSON.parse(body).text,
  },
  "alerts for Slack": {
    give: (text) => {
      const body = webhookBody(
        { ...NOTIFICATION, alert: { ...NOTIFICATION.alert, text, title: text } },
        "slack",
      );
      return JSON.parse(body).text;
    },
  },
  "alerts for Discord": {
    give: (text) => {
      const alert = { ...NOTIFICATION.alert, text: text.repeat(1000), title: text };
      const { content } = JSON.parse(webhookBody({ ...NOTIFICATION, alert }, "discord"));
      assert.ok(content.length <= 2000);
      return content;
    },
  },
  "the output of hooks, in the log": {
    give: async (text) => {
      const log = new LogRecorder();
      const output = new HookOutput(log, "on_won");
      output.add("stderr", text);
      return await logged("pretty", output.lastError ?? "") +
        await logged("pretty", String(log.lines[0]?.fields.line));
    },
  },
};

for (const [way, { give, find }] of Object.entries(WAYS_OUT)) {
  Deno.test(`No foreign text gets raw through ${way}`, async () => {
    for (const [what, text] of Object.entries(FOREIGN_TEXTS)) {
      const output = await give(text);
      try {
        assertPrintable(output);
      } catch (error) {
        throw new Error(`A text that ${what}`, { cause: error });
      }
      if (find !== undefined) assert.equal(find(output), text, `the same for programs: ${what}`);
    }
  });
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Everything that a program of the project prints, on both streams. */
async function printedBy(...args: readonly string[]): Promise<{ text: string; code: number }> {
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  return { text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr), code };
}

Deno.test("ih-miner quotes no argument, path or file raw", async () => {
  const text = Object.values(FOREIGN_TEXTS).join("").replaceAll("\0", "");
  for (
    const args of [
      [text],
      [`--${text}`],
      ["status", "--url", text],
      ["config", `/${text}`],
      ["check", `/${text}`],
      [`/${text}.toml`, "--once", "auction"],
      [`/${text}.toml`, "--once", "auction", "--log-format", "pretty"],
      ["replay", `/${text}`],
    ]
  ) {
    const { text: printed, code } = await printedBy("run", "--quiet", "-A", "main.ts", ...args);
    assert.notEqual(code, 0);
    assert.match(printed, /\\u001b\[2J/, JSON.stringify(args));
    assertPrintable(printed);
  }
});

Deno.test("ih-miner prints no error raw that nothing catches", async () => {
  for (const fault of ["Promise.reject(error)", "setTimeout(() => { throw error; })"]) {
    const { text, code } = await printedBy(
      "eval",
      `import { endAtUncaughtErrors } from "./src/cli/main.ts";
      endAtUncaughtErrors();
      const error = new Error("a\\x1b[2Jb\\x9bc");
      ${fault};
      await new Promise((resolve) => setTimeout(resolve, 60_000));`,
    );
    assert.equal(code, 1);
    assert.match(text, /^ih-miner: unexpected error: Error: a\\u001b\[2Jb\\u009bc\n {4}at /);
    assertPrintable(text);
  }
});

Deno.test("The scripts print no foreign text raw, the demo among them", async () => {
  const { text } = await printedBy(
    "eval",
    `import { complain, say, sayTitle } from "./scripts/command_line.ts";
    for (const print of [complain, say, sayTitle]) print("a\\x1b[2Jb\\x9bc\\td");`,
  );
  assert.equal(text.match(/a\\u001b\[2Jb\\u009bc\td/g)?.length, 3);
});
