import assert from "node:assert/strict";
import { type Config, loadConfig, requireWorkers } from "../../src/config/load.ts";
import { parseToml } from "../../src/lib/toml.ts";
import { schemaKeys, schemaSections } from "./schema_keys.ts";

const EXAMPLE = await Deno.readTextFile(new URL("../../config.toml.example", import.meta.url));

/** The example with every commented key in force. */
const UNCOMMENTED = EXAMPLE.replaceAll(/^# (?=[a-z_]+ = )/gm, "");
/** The same, with the other proxy. */
const OTHER_PROXY = UNCOMMENTED.replace(/^pools_path = .*$/m, "").replace(/^# {3}(?=profile_path = )/m, "");

/** A key in the example; `value` is the TOML text behind it. */
interface ExampleKey {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly isComment: boolean;
}

function exampleKeys(): ExampleKey[] {
  let section = "";
  return EXAMPLE.split("\n").flatMap((line): ExampleKey[] => {
    section = /^\[([a-z]+)\]$/.exec(line)?.[1] ?? section;
    const [, comment, key, value] = /^(#\s*)?([a-z_]+) = (.+)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) return [];
    return [{ section, key, value, isComment: comment !== undefined }];
  });
}

function load(text: string): Promise<Config> {
  const readTextFile = (): Promise<string> => Promise.resolve(text);
  return loadConfig("/etc/c.toml", { HOME: "/home/op" }, { readTextFile, exists: () => false });
}

Deno.test("config.toml.example is short and has known keys only", () => {
  assert.ok(EXAMPLE.trimEnd().split("\n").length <= 60);
  const known = schemaKeys();
  const keys = exampleKeys().map(({ section, key }) => `${section}.${key}`);
  assert.deepEqual(keys.filter((key) => !known.includes(key)), []);
  assert.deepEqual(keys, [...new Set(keys)]);
});

Deno.test("config.toml.example has each section, or one line that points to its documentation", () => {
  const sections = [...schemaSections().keys()].filter((name) => !name.includes("."));
  const found = [...EXAMPLE.matchAll(/^(# )?\[([a-z]+)\](.*)$/gm)];
  assert.deepEqual(found.map(([, , name]) => name).toSorted(), sections.toSorted());
  for (const [, comment, name, rest = ""] of found) {
    if (comment === undefined) assert.equal(rest, "");
    else assert.ok(rest.endsWith(`: docs/configuration.md#${name}`), rest);
  }
});

Deno.test("config.toml.example can be used as it is", async () => {
  const config = await load(EXAMPLE);
  assert.equal(requireWorkers(config).commitment.text, "2;b;BTC,1.05=0.25:4,0.45:2");
  assert.equal(config.routing.kind, "off");
});

Deno.test("config.toml.example can be used with every commented key in force", async () => {
  for (const [text, mode] of [[UNCOMMENTED, "ihp"], [OTHER_PROXY, "braiins"]] as const) {
    const config = await load(text);
    requireWorkers(config);
    assert.ok(config.routing.kind === "on");
    assert.deepEqual(config.routing.targets.map((target) => target.mode), [mode]);
    assert.deepEqual(config.routing.warnings, []);
  }
});

Deno.test("config.toml.example comments out defaults, where they do not depend on the machine", async () => {
  // A file's name puts the rest of [routing] in force.
  const { effective } = await load(EXAMPLE.replace(/^# (?=pools_path = )/m, ""));
  const compared = exampleKeys().filter(({ isComment }) => isComment).flatMap(({ section, key, value }) => {
    const setting = effective.find((other) => other.section === section && other.key === key);
    if (setting?.from !== "default") return [];
    assert.deepEqual(setting.value, parseToml(`it = ${value}`, { source: key })["it"], key);
    return [key];
  });
  assert.deepEqual(compared, ["enabled", "subnet_pool_name", "sentinel_path"]);
});
