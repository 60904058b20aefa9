import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FakeAgent, HOOKS_CONFIG } from "../operator/status/fake_agent.ts";

const FOLDER = fileURLToPath(new URL("../../scripts/monitoring", import.meta.url));
const read = (name: string): string => Deno.readTextFileSync(join(FOLDER, name));

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
}
const dashboard = JSON.parse(read("grafana_dashboard.json")) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
};

/** The queries of the alerts, of the panels and of the dashboard's variables. */
const queries: readonly string[] = [
  ...[...read("alerts.yml").matchAll(/^\s+expr: (.+)$/gm)].map(([, expr]) => expr!),
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.flatMap(({ definition }) => definition ?? []),
];

/** The metrics that /metrics serves: the labels by name. */
async function offered(): Promise<Map<string, Set<string>>> {
  await using agent = new FakeAgent();
  await agent.work();
  agent.routeAsics({}, true);
  agent.measureCredit();
  await agent.readSettings(HOOKS_CONFIG);
  agent.run("auction", new Error("x"));
  agent.observe({ kind: "endpoint-failed", failure: { endpoint: "wss://a", kind: "timeout" } });
  const series = new Map<string, Set<string>>();
  for (const line of (await agent.telemetry.metricsText()).split("\n")) {
    const [, name, labels = ""] = /^([a-z_]+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    const known = series.get(name) ?? new Set(["job", "instance"]);
    for (const [, label] of labels.matchAll(/([a-z_]+)="/g)) known.add(label!);
    series.set(name, known);
  }
  return series;
}

async function promtool(args: readonly string[], cwd = FOLDER): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("promtool", { args: [...args], cwd }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, text);
  return text;
}

async function hasPromtool(): Promise<boolean> {
  try {
    return (await new Deno.Command("promtool", { args: ["--version"] }).output()).success;
  } catch {
    // deno-lint-ignore no-console -- says why tests are skipped
    console.log("promtool's tests are skipped: it is not on the PATH (Debian: prometheus)");
    return false;
  }
}
const withoutPromtool = !await hasPromtool();

Deno.test("All queries of the alerts and the dashboard use metrics and labels that /metrics has", async () => {
  const series = await offered();
  const named = new Set<string>();
  for (const query of queries) {
    const names = [...query.matchAll(/\b((?:ih_miner|process)_[a-z_]+)(?:\{([^}]*)\})?/g)];
    assert.ok(names.length > 0 || query.startsWith("up{"), `${query} names no metric`);
    for (const [, name, matchers = ""] of names) {
      const labels = series.get(name!);
      assert.ok(labels !== undefined, `${name} of ${query} is not a metric`);
      named.add(name!);
      for (const [, label] of matchers.matchAll(/([a-z_]+)\s*[=!]/g)) {
        assert.ok(labels.has(label!), `${name} has no label ${label}: ${query}`);
      }
      const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(/, */));
      for (const label of grouped) assert.ok(labels.has(label), `${name} has no label ${label}: ${query}`);
    }
  }
  assert.ok(named.size > 20, String(named.size));
});

Deno.test("The dashboard's panels have unique ids, do not overlap, and have queries", () => {
  const { panels } = dashboard;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + i % w},${y + Math.floor(i / w)}`)
  );
  assert.equal(new Set(cells).size, cells.length);
  for (const { title, targets, gridPos: { x, w } } of panels) {
    assert.ok(targets.length > 0 && x + w <= 24, title);
  }
});

Deno.test("Each alert has a severity and a summary", () => {
  const alerts = read("alerts.yml").split("- alert: ").slice(1);
  assert.ok(alerts.length > 10);
  for (const alert of alerts) {
    assert.match(alert, /severity: (critical|warning|info) /);
    assert.match(alert, /summary: /);
  }
});

Deno.test({
  name: "promtool accepts the configuration and the alerts, and their tests pass",
  ignore: withoutPromtool,
  fn: async () => {
    assert.match(
      await promtool(["check", "config", "prometheus.yml"]),
      /is valid[^]*SUCCESS: \d+ rules found/,
    );
    await promtool(["test", "rules", "alerts_test.yml"]);
  },
});

Deno.test({
  name: "promtool accepts the dashboard's queries",
  ignore: withoutPromtool,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const rules = dashboard.panels.flatMap(({ targets }) => targets).map(({ expr }, i) => ({
      record: `panel:${i}`,
      expr: expr.replaceAll("$instance", ".*"),
    }));
    // JSON is YAML.
    const groups = { groups: [{ name: "dashboard", rules }] };
    await Deno.writeTextFile(join(folder, "rules.yml"), JSON.stringify(groups));
    assert.match(
      await promtool(["check", "rules", "rules.yml"], folder),
      new RegExp(`${rules.length} rules found`),
    );
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "promtool accepts /metrics",
  ignore: withoutPromtool,
  fn: async () => {
    await using agent = new FakeAgent();
    await agent.work();
    const child = new Deno.Command("promtool", {
      args: ["check", "metrics"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(await agent.telemetry.metricsText()));
    await writer.close();
    const { success, stdout } = await child.output();
    assert.ok(success, new TextDecoder().decode(stdout));
  },
});
