/**
 * Keeps the layout that ARCHITECTURE.md describes: imports run downwards only, and no files import each other in a
 * circle.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  findCircle,
  type ImportGraph,
  importsOf,
  reachableFrom,
  readImportGraph,
} from "./support/import_graph.ts";

/**
 * The floors from the top down, as in ARCHITECTURE.md. A room may import from rooms on lower floors only; rooms of one
 * floor do not know each other. A file belongs to the room with the longest matching path.
 */
const FLOORS: readonly { readonly floor: string; readonly rooms: readonly string[] }[] = [
  { floor: "8", rooms: ["main.ts"] },
  { floor: "7", rooms: ["src/cli/"] },
  { floor: "6.2", rooms: ["src/operator/alerts/", "src/operator/check/"] },
  { floor: "6.1", rooms: ["src/operator/status/"] },
  { floor: "5.4", rooms: ["src/agent/"] },
  { floor: "5.3", rooms: ["src/agent/workers/", "src/agent/records/"] },
  { floor: "5.2", rooms: ["src/agent/jobs/"] },
  { floor: "5.1", rooms: ["src/agent/hooks/"] },
  { floor: "4", rooms: ["src/config/"] },
  { floor: "3.3", rooms: ["src/chain/"] },
  { floor: "3.2", rooms: ["src/chain/wallet/"] },
  { floor: "3.1", rooms: ["src/chain/codec/"] },
  {
    floor: "3",
    rooms: [
      "src/delivery/callbacks.ts",
      "src/delivery/proxies/",
      "src/delivery/asics/",
      "src/delivery/measured/",
    ],
  },
  { floor: "2.5", rooms: ["src/auction/advice/"] },
  { floor: "2.4", rooms: ["src/auction/"] },
  { floor: "2.3", rooms: ["src/auction/solver/"] },
  { floor: "2.2", rooms: ["src/auction/inputs/", "src/auction/credit/"] },
  { floor: "2.1", rooms: ["src/auction/protocol/"] },
  { floor: "1", rooms: ["src/lib/", "src/version.ts"] },
];

/** Beside the floors: may use `src/lib/` alone, and only `scripts/` and `tests/` may use it. */
const SIMULATOR = "src/simulator/";

/** Data that is not code. */
const MANIFEST = "deno.json";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const GRAPH = await readImportGraph(ROOT, { files: ["main.ts"], folders: ["src"] });

interface Place {
  readonly room: string;
  /** As in {@link FLOORS}. */
  readonly floor: string;
}

/** The room of a file; `null` for a file outside of all rooms. */
function placeOf(path: string): Place | null {
  const places = FLOORS.flatMap(({ floor, rooms }) => rooms.map((room) => ({ room, floor })));
  return places.filter(({ room }) => path === room || (room.endsWith("/") && path.startsWith(room)))
    .toSorted((a, b) => b.room.length - a.room.length)[0] ?? null;
}

/** Whether a place is on a lower floor: `3` has neither a floor above nor below it on the third. */
function isBelow(lower: Place, upper: Place): boolean {
  const [[lowerMain = 0, lowerSub], [upperMain = 0, upperSub]] = [lower, upper].map(({ floor }) =>
    floor.split(".").map(Number)
  ) as [number[], number[]];
  if (lowerMain !== upperMain) return lowerMain < upperMain;
  return lowerSub !== undefined && upperSub !== undefined && lowerSub < upperSub;
}

/** What is wrong with the imports of a graph, one sentence each. */
function violations(graph: ImportGraph): string[] {
  return [...graph].flatMap(([path, imports]) => imports.flatMap((imported) => violation(path, imported)));
}

function violation(path: string, imported: string): string[] {
  if (imported === MANIFEST) return [];
  if (!imported.startsWith("src/")) return [`${path} imports ${imported}, which is outside src/`];
  if (path.startsWith(SIMULATOR)) {
    if (imported.startsWith(SIMULATOR) || imported.startsWith("src/lib/")) return [];
    return [`${path} imports ${imported}, but the simulator knows nothing of the agent`];
  }
  if (imported.startsWith(SIMULATOR)) return [`${path} imports ${imported}, which is for scripts and tests`];
  const [from, to] = [placeOf(path), placeOf(imported)];
  if (from === null) return [`${path} is in no room`];
  if (to === null) return [`${path} imports ${imported}, which is in no room`];
  if (from.room === to.room || isBelow(to, from)) return [];
  return [
    `${path} imports ${imported}: ${to.room} is ${isBelow(from, to) ? "above" : "beside"} ${from.room}`,
  ];
}

Deno.test("imports in src/ run from upper floors to lower ones", () => {
  assert.deepEqual(violations(GRAPH), []);
});

Deno.test("no files in src/ import each other in a circle", () => {
  assert.equal(findCircle(GRAPH)?.join(" → "), undefined);
});

Deno.test("the program reaches neither the simulator nor a file that does not exist", () => {
  const workers = [...GRAPH.keys()].filter((path) => path.endsWith("_worker.ts"));
  const reached = reachableFrom(["main.ts", ...workers], GRAPH);
  assert.deepEqual([...reached].filter((path) => path.startsWith(SIMULATOR)), []);
  assert.deepEqual([...reached].filter((path) => !GRAPH.has(path)), [MANIFEST]);
});

Deno.test("the worker's seal comes before any other code of a worker", () => {
  const workers = [...GRAPH].filter(([path]) => path.endsWith("_worker.ts"));
  assert.equal(workers.length, 4);
  for (const [path, [first]] of workers) assert.equal(first, "src/agent/workers/seal.ts", path);
  assert.deepEqual(GRAPH.get("src/agent/workers/seal.ts"), []);
});

Deno.test("every file in src/ has a room, and every room has files", () => {
  const files = [...GRAPH.keys()].filter((path) => !path.startsWith(SIMULATOR));
  assert.deepEqual(files.filter((path) => placeOf(path) === null), []);
  const inhabited = new Set(files.map((path) => placeOf(path)?.room));
  assert.deepEqual(FLOORS.flatMap(({ rooms }) => rooms).filter((room) => !inhabited.has(room)), []);
});

Deno.test("src/ has at most ten entries", async () => {
  const entries = await Array.fromAsync(Deno.readDir(`${ROOT}src`), ({ name }) => name);
  assert.ok(entries.length <= 10, `src/ has ${entries.length} entries: ${entries.sort().join(", ")}`);
});

Deno.test("ARCHITECTURE.md shows the floors of this test, from the top down", async () => {
  const text = await Deno.readTextFile(`${ROOT}ARCHITECTURE.md`);
  const rows = text.matchAll(/^\| (\d(?:\.\d)?) +\| (`[^|]+?) +\|/gm).map(([, floor, rooms]) => ({
    floor,
    rooms: rooms!.split(", ").map((room) => room.replaceAll("`", "")),
  }));
  assert.deepEqual([...rows], FLOORS);
});

Deno.test("violations() names both files of an import upwards, sideways, outwards and into the simulator", () => {
  const graph = (path: string, imported: string): ImportGraph => new Map([[path, [imported]]]);
  const cases: [path: string, imported: string, expected: string | undefined][] = [
    ["src/config/load.ts", "src/agent/daemon.ts", "src/agent/ is above src/config/"],
    ["src/agent/jobs/line.ts", "src/agent/lane.ts", "src/agent/ is above src/agent/jobs/"],
    [
      "src/chain/types.ts",
      "src/delivery/proxies/route.ts",
      "src/delivery/proxies/ is beside src/chain/",
    ],
    ["src/lib/log.ts", "scripts/demo.ts", "which is outside src/"],
    ["src/lib/log.ts", "tests/support/scene.ts", "which is outside src/"],
    ["src/cli/main.ts", "src/simulator/mod.ts", "which is for scripts and tests"],
    ["src/simulator/mod.ts", "src/chain/types.ts", "but the simulator knows nothing of the agent"],
    ["src/elsewhere.ts", "src/lib/log.ts", "is in no room"],
    ["src/agent/daemon.ts", "src/config/load.ts", undefined],
    ["src/simulator/mod.ts", "src/lib/errors.ts", undefined],
  ];
  for (const [path, imported, expected] of cases) {
    const [sentence] = violations(graph(path, imported));
    const wanted = expected === undefined ? /^undefined$/ : new RegExp(`^${path}.*${expected}$`);
    assert.match(String(sentence), wanted);
  }
});

Deno.test("importsOf() finds imports, re-exports, dynamic imports and imports of types", () => {
  const text = [
    'import { a } from "./a.ts";',
    'import type {\n  B,\n} from "../b.ts";',
    'export { c } from "./c/c.ts";',
    'import "./d.ts";',
    'const e = await import("./e.ts");',
    '/** @throws {import("../../f.ts").F} */',
    'import { join } from "node:path";',
  ].join("\n");
  assert.deepEqual(importsOf("src/x/y.ts", text), [
    "src/x/a.ts",
    "src/b.ts",
    "src/x/c/c.ts",
    "src/x/d.ts",
    "src/x/e.ts",
    "f.ts",
  ]);
});

Deno.test("findCircle() names the files of a circle, and of none in a graph that has only a diamond", () => {
  const diamond: [string, string[]][] = [["a", ["b", "c"]], ["b", ["d"]], ["c", ["d"]], ["d", []]];
  assert.equal(findCircle(new Map(diamond)), null);
  const circle = findCircle(new Map([...diamond.slice(0, 3), ["d", ["b"]]]));
  assert.deepEqual(circle, ["b", "d", "b"]);
});
