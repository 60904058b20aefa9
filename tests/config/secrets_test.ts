import assert from "node:assert/strict";
import { join } from "node:path";
import * as z from "zod";
import { showConfig } from "../../src/cli/show_config.ts";
import { configFileSchema } from "../../src/config/schema.ts";
import { workersSchema } from "../../src/config/workers.ts";

const SECRET = "s3cr3tWORD";

type Table = Record<string, unknown>;

const BASE: Table = {
  bittensor: { network: "finney", netuid: 89 },
  wallet: { name: "cold", hotkey_name: "hot", directory: "/wallets" },
  workers: { price_multiplier: "1.05", worker_sizes: { "0.45": 2 } },
};

/** Other keys that the table of a list requires. */
const NEIGHBOURS: Readonly<Record<string, Table>> = {
  "asic.miners": { address: "192.168.1.21", hashrate: "0.2" },
  "delivery.sources": { url: "http://127.0.0.1:9100/metrics", metric: "hashrate" },
  "routing.targets": { pools_path: "/etc/pools.toml" },
};

/** Every section, list and key, such as `delivery.sources.url`. */
const PLACES = Object.entries({ ...configFileSchema.shape, workers: workersSchema })
  .flatMap(([section, schema]) => placesOf(section, schema));

function placesOf(place: string, schema: unknown): string[] {
  if (schema instanceof z.ZodOptional) return placesOf(place, schema.unwrap());
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodObject) {
    return placesOf(place, schema.element);
  }
  if (!(schema instanceof z.ZodObject)) return [place];
  return [
    place,
    ...Object.entries(schema.shape).flatMap(([key, child]) => placesOf(`${place}.${key}`, child)),
  ];
}

/** Keys that hold secrets: nothing of the value may be shown, whatever its form. */
const SECRET_PLACES =
  /^(?:hooks|hooks\.on_\w+|hooks\.webhook|.+\.reload_command|delivery|delivery\.sources(?:\.url)?)$/;
/**
 * Keys that expect an address, a word or a number. An address may contain a secret; a single word is a host, a name or
 * a typing mistake.
 */
const ADDRESS_PLACES = new RegExp(
  "^(?:bittensor\\.network|http\\.listen|asic\\.miners\\.address|delivery\\.sources\\.metric" +
    "|hooks\\.(?:timeout|webhook_format|no_win_windows)|solver\\.engine|asic\\.(?:\\w+_pool|timeout|share)" +
    "|routing\\.(?:stale_after|on_\\w+|mode|reload|signal|share)|delivery\\.\\w+_below)$",
);

const URLS = [
  `https://user:${SECRET}@host.example/`,
  `https://${SECRET}@host.example`,
  `http://user:a@${SECRET}/b@host.example:80/`,
  `http://user:1${SECRET}@host.example:80/`,
  `https://host.example/${SECRET}`,
  `https://host.example:443?key=${SECRET}`,
  `wss://host.example#${SECRET}`,
  `http:/host.example/${SECRET}`,
  `http:\\\\host.example\\${SECRET}`,
  `http://host.example/a ${SECRET}`,
  `http://user:a"${SECRET}@host.example/`,
];
const ADDRESSES = [
  ...URLS,
  `user:${SECRET}@host.example`,
  `host.example/${SECRET}`,
  `host.example:80?${SECRET}`,
];
const WORDS = [SECRET, `/bin/sh ${SECRET}`, `Bearer ${SECRET}`, `a\u0000${SECRET}`];

/** The text alone, and in lists and tables. */
function formsOf(text: string): unknown[] {
  return [text, [text], [5, text], { [text]: 1 }, { key: text }, [{ key: text }], [[text]]];
}

function valuesFor(place: string): unknown[] {
  if (/^hooks\.on_|reload_command$/.test(place)) {
    // The program itself is shown, if it can be one.
    const programs = [...WORDS.slice(1), ...URLS.filter((url) => url.includes("://"))].map((text) => [text]);
    const others = [...WORDS, ...ADDRESSES].flatMap((text) => [...formsOf(text), ["/bin/true", text]]);
    return [...programs, ...others.filter((value) => !Array.isArray(value) || value.length > 1)];
  }
  if (SECRET_PLACES.test(place)) return [...WORDS, ...ADDRESSES].flatMap(formsOf);
  if (ADDRESS_PLACES.test(place)) return ADDRESSES.flatMap(formsOf);
  return URLS.slice(0, 7).flatMap(formsOf);
}

function withValue(place: string, value: unknown): Table {
  const [section = "", ...keys] = place.split(".");
  if (keys.length === 0) return { ...BASE, [section]: value };
  const last = keys.at(-1)!;
  const list = keys.length > 1 ? `${section}.${keys[0]}` : null;
  const common = { ...BASE[section] as Table };
  if (list === null) return { ...BASE, [section]: { ...common, [last]: value } };
  return { ...BASE, [section]: { ...common, [keys[0]!]: [{ ...NEIGHBOURS[list], [last]: value }] } };
}

/** A value as TOML in one line. */
function tomlOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlOf).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${
    Object.entries(value).map(([key, item]) => `${JSON.stringify(key)} = ${tomlOf(item)}`).join(", ")
  } }`;
}

function documentOf(data: Table): string {
  return Object.entries(data).map(([key, value]) => `${key} = ${tomlOf(value)}\n`).join("");
}

const folder = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** The errors of `ih-miner config` for a file, and all that it prints. */
async function printedFor(text: string): Promise<{ error: string; all: string }> {
  const configPath = join(folder, "config.toml");
  await Deno.writeTextFile(configPath, text);
  const shown = await Promise.all(
    [false, true].map((json) => showConfig({ name: "config", configPath, json }, { HOME: "/home/op" })),
  );
  return { error: shown[0]!.error, all: shown.map(({ text, error }) => `${text}${error}`).join("\n") };
}

function assertKept(told: string, file: string): void {
  assert.ok(!told.includes(SECRET), `shown for\n${file}\n:\n${told}`);
}

Deno.test("config and its errors show no secret at any key, in any form", async () => {
  assert.ok(PLACES.includes("delivery.sources.url") && PLACES.includes("hooks.on_won"), `${PLACES}`);
  for (const place of PLACES) {
    for (const value of valuesFor(place)) {
      const file = documentOf(withValue(place, value));
      const { error, all } = await printedFor(file);
      // Offers are public, and shown together with their mistakes.
      assertKept(place.startsWith("workers") ? error : all, file);
    }
  }
});

Deno.test("config and its errors show no secret that lacks its quotes", async () => {
  const written = [...WORDS.slice(0, 3), ...ADDRESSES].flatMap((text) => [text, `[${text}]`, `"${text}`]);
  for (const place of PLACES.filter((name) => name.includes("."))) {
    const [, table = "", key = ""] = /^(.+)\.(\w+)$/.exec(place) ?? [];
    const header = table.includes(".") ? `[[${table}]]` : `[${table}]`;
    const others = documentOf(
      Object.fromEntries(Object.entries(BASE).filter(([section]) => section !== table)),
    );
    for (const value of written) {
      const file = `${others}${header}\n${key} = ${value}\n`;
      assertKept((await printedFor(file)).all, file);
    }
  }
});

Deno.test("config and its errors show no secret that is a key or a header", async () => {
  const quoted = JSON.stringify(`https://host.example/${SECRET}`);
  for (
    const lines of [
      `[hooks]\n${quoted} = "webhook"`,
      `[hooks]\n${SECRET} = "webhook"`,
      `[hooks]\n${SECRET} = 1\n${SECRET} = 2`,
      `[hooks]\nwebhook.${SECRET} = 1`,
      `[hooks.${quoted}]`,
      `[${quoted}]`,
      `[[delivery.sources]]\n${quoted} = "url"`,
      `[delivery.sources]\nurl = ${quoted}`,
      `[asic.miners]\naddress = "user:${SECRET}@host"`,
      `[hooks]\non_won = { ${quoted} = 1, ${quoted} = 2 }`,
      `[hooks ${SECRET}`,
      `[hooks] ${SECRET}`,
    ]
  ) {
    const file = `${documentOf(BASE)}${lines}\n`;
    assertKept((await printedFor(file)).all, file);
  }
});
