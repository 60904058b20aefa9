import assert from "node:assert/strict";
import * as z from "zod";
import type { EffectiveSetting } from "../../src/config/effective.ts";
import { type Environment, ENVIRONMENT_NAMES } from "../../src/config/environment.ts";
import { type Config, loadConfig, requireWorkers } from "../../src/config/load.ts";
import { parseToml } from "../../src/lib/toml.ts";
import { schemaKeys, schemaSections } from "./schema_keys.ts";

const PAGE = await Deno.readTextFile(new URL("../../docs/configuration.md", import.meta.url));

/** A row of a table on the page: its cells by the heading of their column. */
interface Row {
  /** The heading above the table, without brackets: `routing.targets`, or `Environment variables`. */
  readonly section: string;
  readonly cells: Readonly<Record<string, string>>;
}

function rowsOf(page: string): Row[] {
  let section = "";
  let columns: string[] | null = null;
  return page.split("\n").flatMap((line): Row[] => {
    const heading = /^##+ (.+)$/.exec(line)?.[1];
    if (heading !== undefined) section = heading.replaceAll(/[`[\]]/g, "");
    if (!line.startsWith("|")) {
      columns = null;
      return [];
    }
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    if (columns === null) {
      columns = cells;
      return [];
    }
    if (/^-+$/.test(cells[0] ?? "")) return [];
    return [{ section, cells: Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ""])) }];
  });
}

/** The texts in backticks. */
function codeIn(cell = ""): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}

const ROWS = rowsOf(PAGE);
const KEY_ROWS = ROWS.filter(({ cells }) => cells["key"] !== undefined)
  .map(({ section, cells }) => ({ section, cells, key: codeIn(cells["key"])[0] ?? "" }));

const BITTENSOR = '[bittensor]\nnetwork = "finney"\nnetuid = 89\n';
const WALLET = '[wallet]\nname = "w"\nhotkey_name = "h"\ndirectory = "/wallets"\n';
const WORKERS = '[workers]\nprice_multiplier = "1"\nworker_sizes = { "0.45" = 1 }\n';
const FLEET = '[asic]\n[[asic.miners]]\naddress = "192.168.1.21"\nhashrate = "0.2"\n';
const SOURCE = '[[delivery.sources]]\nurl = "http://127.0.0.1/metrics"\nmetric = "hashrate"\n';

function load(sections: readonly string[], environment: Environment = {}): Promise<Config> {
  const text = [BITTENSOR, WALLET, WORKERS]
    .filter((section) => !sections.some((other) => other.includes(section.split("\n")[0]!)))
    .concat(sections).join("\n");
  const readTextFile = (): Promise<string> => Promise.resolve(text);
  return loadConfig("/etc/c.toml", { HOME: "/home/op", ...environment }, {
    readTextFile,
    exists: () => false,
  });
}

/** `routing.targets[0]` and `mode` → `routing.targets.mode`. */
function nameOf({ section, key }: Pick<EffectiveSetting, "section" | "key">): string {
  return `${section.replaceAll(/\[\d+\]/g, "")}.${key}`;
}

Deno.test("docs/configuration.md documents every key under its section, and no other", () => {
  const documented = Map.groupBy(KEY_ROWS, ({ section }) => section);
  const found = [...documented].map(([section, rows]) => [section, rows.map(({ key }) => key).toSorted()]);
  const expected = [...schemaSections()].map(([section, keys]) => [section, Object.keys(keys).toSorted()]);
  assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected));
});

Deno.test("docs/configuration.md gives each key a type, a default and a meaning", () => {
  for (const { section, key, cells } of KEY_ROWS) {
    for (const column of ["type and limits", "default", "what it sets"]) {
      assert.ok((cells[column] ?? "") !== "", `${section}.${key}: ${column}`);
    }
  }
});

Deno.test("docs/configuration.md states the values and limits of the schema", () => {
  const sections = schemaSections();
  for (const { section, key, cells } of KEY_ROWS) {
    const schema = sections.get(section)?.[key];
    const type = cells["type and limits"] ?? "";
    if (schema instanceof z.ZodEnum) {
      assert.deepEqual(codeIn(type), schema.options.map((value) => `"${value}"`), `${section}.${key}`);
    }
    if (schema instanceof z.ZodNumber && schema.isInt) {
      const limits = `whole number from ${schema.minValue} to ${schema.maxValue}`;
      assert.equal(type, limits, `${section}.${key}`);
    }
  }
});

Deno.test("docs/configuration.md states the defaults in effect", async () => {
  const defaults = new Map<string, unknown>();
  const routing = '[routing]\npools_path = "/p"\nreload = "signal"\npid_file = "/pid"\n';
  const target = '[[routing.targets]]\npools_path = "/p"\nsignal = "SIGHUP"\npid_file = "/pid"\n';
  const bare = '[[routing.targets]]\npools_path = "/q"\npid_file = "/pid"\n';
  for (const sections of [[], [routing], [target + bare], [FLEET], [SOURCE]]) {
    for (const setting of (await load(sections)).effective) {
      if (setting.from === "default") defaults.set(nameOf(setting), setting.value);
    }
  }
  const compared = KEY_ROWS.flatMap(({ section, key, cells }) => {
    const [, value] = /^`([^`]+)`$/.exec(cells["default"] ?? "") ?? [];
    if (value === undefined) return [];
    const name = `${section}.${key}`;
    assert.ok(defaults.has(name), `${name} has no default`);
    assert.deepEqual(parseToml(`it = ${value}`, { source: name })["it"], defaults.get(name), name);
    return [name];
  });
  // The others are paths, follow from other keys, or are required.
  assert.equal(compared.length, 25, compared.join("\n"));
});

Deno.test("docs/configuration.md names each required key as such", async () => {
  const required = KEY_ROWS.filter(({ cells }) => cells["default"] === "required")
    .map(({ section, key }) => `${section}.${key}`);
  const complete: Record<string, string> = {
    bittensor: BITTENSOR,
    wallet: WALLET,
    "workers.tiers": '[[workers.tiers]]\nprice_multiplier = "1"\nworker_sizes = { "0.45" = 1 }\n',
    asic: FLEET.replace("[asic]\n", "[asic]\nshare = 1\n"),
    "asic.miners": FLEET,
    "delivery.sources": SOURCE,
  };
  const refused: string[] = [];
  for (const [section, text] of Object.entries(complete)) {
    requireWorkers(await load([text]));
    for (const key of Object.keys(schemaSections().get(section)!)) {
      const lines = section === "asic" && key === "miners"
        ? "[asic]\nshare = 1\n"
        : text.replace(new RegExp(`^${key} = .*\n`, "m"), "");
      if (lines === text) continue;
      const config = await load([lines]).then(requireWorkers).catch((error) => error);
      if (config instanceof Error) refused.push(`${section}.${key}`);
    }
  }
  assert.deepEqual(required.toSorted(), refused.toSorted());
});

Deno.test("docs/configuration.md documents every environment variable, and no other", () => {
  const names = ROWS.filter(({ section }) => section === "Environment variables")
    .flatMap(({ cells }) => codeIn(cells["variable"]));
  assert.deepEqual(names.toSorted(), ENVIRONMENT_NAMES.toSorted());
});

Deno.test("docs/configuration.md names for each key the variables that override it", async () => {
  const overrides = new Set<string>();
  for (const mode of ["ihp", "braiins"]) {
    const all = Object.fromEntries(ENVIRONMENT_NAMES.map((name) => [name, "/x"]));
    for (const setting of (await load([], { ...all, APS_MINER_PROXY_MODE: mode })).effective) {
      if (setting.from === "environment") overrides.add(`${nameOf(setting)} ${setting.variable}`);
    }
  }
  const documented = KEY_ROWS.flatMap(({ section, key, cells }) =>
    codeIn(cells["variable"]).map((variable) => `${section}.${key} ${variable}`)
  );
  assert.deepEqual(documented.toSorted(), [...overrides].toSorted());
});

for (const page of ["configuration", "routing", "asics", "delivery"]) {
  Deno.test(`docs/${page}.md has examples that can be used`, async () => {
    const markdown = await Deno.readTextFile(new URL(`../../docs/${page}.md`, import.meta.url));
    const examples = [...markdown.matchAll(/^```toml\n(.*?)^```$/gms)];
    assert.notEqual(examples.length, 0);
    for (const [, text] of examples) {
      const config = await load([text!]);
      requireWorkers(config);
      if (config.routing.kind === "on") assert.deepEqual(config.routing.warnings, []);
    }
  });
}

Deno.test("loadConfig() accounts for every key that is set", async () => {
  const proxies = [
    'pools_path = "/p"\nreload = "sentinel"\nsentinel_path = "/s"\n',
    'profile_path = "/q"\nsignal = "SIGHUP"\npid_file = "/pid"\n',
    'pools_path = "/r"\nreload_command = ["x"]\n',
  ];
  const tier = '[[workers.tiers]]\nprice_multiplier = "1"\nworker_sizes = { "0.45" = 1 }\n';
  const seen = new Set<string>();
  for (
    const sections of [
      [WORKERS + tier, FLEET, SOURCE, '[[delivery.sources]]\nworkers_api = "http://127.0.0.1:8000"\n'],
      [WORKERS.replace(/^worker_sizes = .*$/m, 'hashrates = ["0.1"]')],
      ...proxies.map((proxy) => [`[routing]\n${proxy}`]),
      [proxies.map((proxy) => `[[routing.targets]]\n${proxy}`).join("")],
    ]
  ) {
    for (const setting of (await load(sections)).effective) seen.add(nameOf(setting));
  }
  assert.deepEqual([...seen].toSorted(), schemaKeys().toSorted());
});
