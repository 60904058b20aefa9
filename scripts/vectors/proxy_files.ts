import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { parseToml, TomlError } from "../../src/lib/toml.ts";
import { RoutingError } from "../../src/delivery/proxies/errors.ts";
import { DEFAULT_SUBNET_POOL_NAME } from "../../src/delivery/proxies/ihp.ts";
import { applyRouting, type RoutingDemand, type RoutingTarget } from "../../src/delivery/proxies/route.ts";
import type { VectorCase, VectorChecker } from "./checker.ts";
import { memoryFiles } from "./memory_files.ts";

const sizes = z.array(z.string());
const before = z.string().nullable();
const ihpInput = z.strictObject({ before, won_sizes: sizes, pool_name: z.string().nullable() });
const braiinsInput = z.strictObject({
  before,
  won_sizes: sizes,
  lost_sizes: sizes,
  // The agent makes a missing folder of the reload marker, so this makes no difference.
  reload_dir_exists: z.boolean(),
});
const expectedFile = z.strictObject({
  changed: z.boolean(),
  after: z.string(),
  /** `null` when `after` is not TOML. */
  after_data: z.unknown(),
  comments_kept: z.boolean(),
  reload_touched: z.boolean(),
});

const PROXY_PATH = "/proxy/file.toml";
const SENTINEL_PATH = "/proxy/.reload";

/** The proxy's file before and after, and whether the reload marker was touched. */
interface Routed {
  readonly before: string;
  readonly after: string;
  readonly reloadTouched: boolean;
}

/** `proxy-ihp.json` */
export const proxyIhp: VectorChecker = {
  compute(vector): unknown {
    const request = ihpInput.parse(vector.input);
    const target: RoutingTarget = {
      mode: "ihp",
      poolsPath: PROXY_PATH,
      subnetPoolName: request.pool_name ?? DEFAULT_SUBNET_POOL_NAME,
      sentinelPath: SENTINEL_PATH,
    };
    return route(target, request.before, { wonSizes: request.won_sizes, lostSizes: [] });
  },
  matches: matchesFile,
};

/** `proxy-braiins.json` */
export const proxyBraiins: VectorChecker = {
  compute(vector): unknown {
    const request = braiinsInput.parse(vector.input);
    const target: RoutingTarget = { mode: "braiins", profilePath: PROXY_PATH, sentinelPath: SENTINEL_PATH };
    return route(target, request.before, { wonSizes: request.won_sizes, lostSizes: request.lost_sizes });
  },
  matches: matchesFile,
};

/** Routes with the agent's code on a file in memory. It throws where the reference silently does nothing. */
async function route(target: RoutingTarget, text: string | null, demand: RoutingDemand): Promise<unknown> {
  const contents = new Map<string, Uint8Array>();
  if (text !== null) contents.set(PROXY_PATH, new TextEncoder().encode(text));
  try {
    await applyRouting(target, demand, {
      stateDirectory: "/state",
      dryRun: false,
      nowMs: 0,
      files: memoryFiles(contents),
    });
  } catch (error) {
    if (!(error instanceof RoutingError)) throw error;
  }
  const after = contents.get(PROXY_PATH);
  const reloadTouched = contents.has(SENTINEL_PATH);
  if (text === null) {
    return { file_created: after !== undefined, changed: after !== undefined, reload_touched: reloadTouched };
  }
  return { before: text, after: new TextDecoder().decode(after), reloadTouched } satisfies Routed;
}

/** White space may differ as long as the data and all full-line comments are right. */
function matchesFile(got: unknown, vector: VectorCase): boolean {
  const file = expectedFile.safeParse(vector.expected);
  if (!file.success) return isDeepStrictEqual(got, vector.expected);
  const { before, after, reloadTouched } = got as Routed;
  const { changed, after_data: afterData, reload_touched: expectedTouch } = file.data;
  const afterLines = new Set(after.split(/\r?\n/).map((line) => line.trim()));
  const comments = before.split(/\r?\n/).map((line) => line.trim()).filter((line) => line.startsWith("#"));
  return (before !== after) === changed && reloadTouched === expectedTouch &&
    comments.every((comment) => afterLines.has(comment)) &&
    isDeepStrictEqual(dataOf(after), afterData);
}

/** TOML as JSON data; `null` when it is not TOML. */
function dataOf(text: string): unknown {
  try {
    return JSON.parse(JSON.stringify(parseToml(text, { source: PROXY_PATH })));
  } catch (error) {
    if (error instanceof TomlError) return null;
    throw error;
  }
}
