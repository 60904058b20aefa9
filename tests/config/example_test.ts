import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import type { EffectiveSetting } from "../../src/config/effective.ts";
import { type Config, loadConfig, requireWorkers } from "../../src/config/load.ts";
import { configFileSchema } from "../../src/config/schema.ts";
import { workersSchema } from "../../src/config/workers.ts";
import { parseToml } from "../../src/lib/toml.ts";

const EXAMPLE = await Deno.readTextFile(fileURLToPath(new URL("../../config.toml.example", import.meta.url)));

/** A key as documented; `value` is the TOML text of the value behind it. */
interface Documented {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  /** `set`: in force; `default`: commented out; `sample`: in an indented passage of a comment. */
  readonly kind: "set" | "default" | "sample";
}

function documented(): Documented[] {
  let section = "";
  return EXAMPLE.split("\n").flatMap((line): Documented[] => {
    // A list's tables are headed in samples, too; `[workers.worker_sizes]` in a sample is another form of a key.
    const header = /^(?:# )?\[([a-z_.]+)\]$/.exec(line) ?? /^(?:#\s*)?\[\[([a-z_.]+)\]\]$/.exec(line);
    if (header !== null) section = header[1]!;
    const [, comment = "", key, value] = /^(#\s*)?([a-z_]+) = (.+)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) return [];
    return [{ section, key, value, kind: comment === "" ? "set" : comment === "# " ? "default" : "sample" }];
  });
}

/** Every key that the schema takes, `section.key`. */
function schemaKeys(): string[] {
  const { workers: _, ...sections } = configFileSchema.shape;
  const keysOf = (section: string, schema: unknown): string[] => {
    const bare = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
    if (bare instanceof z.ZodArray) return keysOf(section, bare.element);
    if (!(bare instanceof z.ZodObject)) return [section];
    return Object.entries(bare.shape).flatMap(([key, value]) => keysOf(`${section}.${key}`, value));
  };
  return [...Object.entries(sections), ["workers", workersSchema] as const]
    .flatMap(([section, schema]) => keysOf(section, schema));
}

function load(text: string): Promise<Config> {
  const readTextFile = (): Promise<string> => Promise.resolve(text);
  return loadConfig("/etc/c.toml", { HOME: "/home/op" }, { readTextFile, exists: () => false });
}

/** The example with every commented default in force. */
const UNCOMMENTED = EXAMPLE.replaceAll(/^# (?=[a-z_]+ = |\[)/gm, "");

Deno.test("config.toml.example documents every key there is, and no other", () => {
  const found = new Set(documented().map(({ section, key }) => `${section}.${key}`));
  assert.deepEqual([...found].sort(), schemaKeys().sort());
});

Deno.test("config.toml.example can be used as it is, and with every default written out", async () => {
  const config = await load(EXAMPLE);
  assert.equal(requireWorkers(config).commitment.text, "2;b;BTC,1.05=0.25:4,0.45:2");
  const written = await load(UNCOMMENTED);
  requireWorkers(written);
  assert.equal(written.routing.kind, "on");
});

/** The example with its list of proxies in force. */
const WITH_TARGETS = EXAMPLE.replace(/^# {3}\[\[routing\.targets\]\]\n(# {3}.*\n)*/m, (block) => {
  return block.replaceAll(/^# {3}/gm, "");
});

Deno.test("config.toml.example shows a list of proxies that can be used", async () => {
  const { routing } = await load(WITH_TARGETS);
  assert.ok(routing.kind === "on");
  assert.ok(routing.targets.length > 1);
  assert.deepEqual(routing.warnings, []);
});

Deno.test("config.toml.example states the defaults that are in force", async () => {
  const { effective } = await load(EXAMPLE);
  const inForce = (at: Documented): EffectiveSetting | undefined =>
    effective.find(({ section, key }) => section === at.section && key === at.key);
  const compared = documented().filter(({ kind }) => kind === "default").flatMap((at) => {
    const setting = inForce(at);
    // A default that is a path, or follows from one, depends on the machine.
    const isPlain = setting?.from === "default" && setting.value !== null && at.key !== "mode" &&
      !String(setting.value).startsWith("/");
    if (!isPlain) return [];
    assert.deepEqual(setting.value, parseToml(`it = ${at.value}`, { source: at.key })["it"], at.key);
    return [`${at.section}.${at.key}`];
  });
  assert.ok(compared.includes("workers.enabled") && compared.includes("routing.stale_after"), `${compared}`);
});

Deno.test("loadConfig() accounts for every key that is set", async () => {
  const seen = new Set<string>();
  const hashrates = EXAMPLE.replace(/^worker_sizes = .*$/m, 'hashrates = ["0.1"]');
  const single = [
    UNCOMMENTED,
    UNCOMMENTED.replace('mode = "ihp"', 'mode = "braiins"'),
    ...['signal = "SIGHUP"\npid_file = "/p"', 'reload_command = ["x"]'].map((reload) =>
      UNCOMMENTED.replace(/^reload = .*$/m, reload).replace(/^sentinel_path = .*$/m, "")
    ),
  ];
  for (const text of [...single, WITH_TARGETS, hashrates]) {
    for (const { section, key } of (await load(text)).effective) {
      seen.add(`${section.replaceAll(/\[\d+\]/g, "")}.${key}`);
    }
  }
  assert.deepEqual([...seen].sort(), schemaKeys().sort());
});
