import assert from "node:assert/strict";
import { join } from "node:path";
import type { ComputedAuction } from "../../src/agent/jobs/auction_result.ts";
import { prepareAuction } from "../../src/auction/inputs/prepare.ts";
import { columnName, itemsByColumn } from "../../src/auction/solver/cbc/columns.ts";
import { isRunning } from "../support/running.ts";
import { PRICES, type SnapshotFixture } from "../auction/inputs/make_snapshot.ts";
import { computed, HOTKEY, KeeperBench, WINDOW } from "./keeper_bench.ts";

const RIVAL = "rival";
/** A budget of one PH, for which two bidders offer twice 0.45 PH each, and one a smaller worker besides. */
const MARKET: SnapshotFixture = {
  bids: { [RIVAL]: "2;b;BTC,1=0.45:2,0.05:1" },
  validators: { validator: { prices: { ...PRICES, HASHP_USDC: "5000" } } },
};
/** What is routed while it is not known who wins: 12 % of what is possible. */
const PROVISIONAL = "108TH/s";
const BANNER = "printf 'Version: 2.10.3 \\nBuild Date: Dec 15 2019 \\n'";

function contested(firstBlock = WINDOW.firstBlock): Promise<ComputedAuction> {
  return computed(firstBlock, "2;b;BTC,1=0.45:2", {}, MARKET);
}

/** A solution file in which the large workers of a hotkey win. */
function solutionOf({ snapshot }: ComputedAuction, winner: string): string {
  const { items } = prepareAuction(snapshot).problem!;
  const columns = [...itemsByColumn(items)].flatMap((item, column) => {
    const { hotkey, sizeText } = items[item]!;
    return hotkey === winner && sizeText === "0.45" ? [`${column} ${columnName(column)} 1 1`] : [];
  });
  assert.equal(columns.length, 2);
  return `Optimal\n${columns.join("\n")}\n`;
}

/** A bench at the start of a contested window, with a shell script for the validators' program. */
async function setUp(
  { script, winner = HOTKEY, solver = "" }: {
    readonly script: (answer: string) => string;
    readonly winner?: string;
    readonly solver?: string;
  },
): Promise<KeeperBench> {
  const bench = await KeeperBench.set();
  const { folder } = bench;
  const first = await contested();
  await Deno.writeTextFile(join(folder, "solution"), solutionOf(first, winner));
  const answer = `${BANNER}; cp ${folder}/solution auction.sol`;
  await Deno.writeTextFile(join(folder, "cbc"), `#!/bin/sh\necho $$ >>${folder}/pids\n${script(answer)}\n`, {
    mode: 0o755,
  });
  await useSolver(bench, solver);
  bench.answers = [first];
  Object.assign(bench.node, { headNumber: WINDOW.firstBlock + 10, hash: first.snapshot.firstBlock.hash });
  return bench;
}

function useSolver(bench: KeeperBench, more: string): Promise<void> {
  const solver = `[solver]\ncbc = "${bench.folder}/cbc"\n${more}`;
  return bench.configure(`worker_sizes = { "0.45" = 2 }`, "", solver);
}

/** Lets the first routing wait no longer than this many milliseconds. */
function hurry(bench: KeeperBench, patienceMs: number): void {
  bench.nowMs += 1_800 - patienceMs;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const startMs = performance.now();
  while (!await holds()) {
    assert.ok(performance.now() - startMs < 20_000, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The programs started so far. */
async function startedPids({ folder }: KeeperBench): Promise<number[]> {
  const text = await Deno.readTextFile(join(folder, "pids")).catch(() => "");
  return text.split("\n").filter((line) => line !== "").map(Number);
}

async function areGone(bench: KeeperBench): Promise<boolean> {
  return !(await startedPids(bench)).some(isRunning);
}

function answersOf({ events }: KeeperBench): [result: string, differencePh: number][] {
  return events.filter((event) => event.kind === "program-answered")
    .map(({ result, differencePh }) => [result, differencePh]);
}

function stagesOf({ log }: KeeperBench): unknown[] {
  return log.lines.filter(({ event }) => event === "Auction results computed").map(({ fields }) =>
    fields.stage
  );
}

Deno.test("AuctionKeeper routes once where the program answers at once", async () => {
  await using bench = await setUp({ script: (answer) => answer });
  await bench.run("start");
  assert.equal(await bench.target(), "900TH/s");
  assert.deepEqual([stagesOf(bench), answersOf(bench), bench.finals], [["final"], [["at-once", 0]], 0]);
  assert.deepEqual(bench.hooks.map(([name, { stage }]) => [name, stage]), [["on_result", "final"], [
    "on_won",
    "final",
  ]]);
  await bench.run();
  assert.equal((await startedPids(bench)).length, 1);
});

for (
  const [winner, target, differencePh] of [[HOTKEY, "900TH/s", 0.792], [RIVAL, "0TH/s", 0.108]] as const
) {
  Deno.test(`AuctionKeeper routes provisionally, and ${target} when the program says that ${winner} wins`, async () => {
    await using bench = await setUp({ script: (answer) => `sleep 2; ${answer}`, winner });
    const startMs = performance.now();
    await bench.run("start");
    const tookMs = performance.now() - startMs;
    assert.equal(await bench.target(), PROVISIONAL);
    assert.ok(tookMs > 1_400 && tookMs < 1_900, `the first routing took ${tookMs} ms`);
    assert.equal(await bench.wasReloaded(), true);
    // A tick in between changes nothing and starts no second program.
    await bench.run();
    assert.equal(await bench.wasReloaded(), false);
    await until(() => bench.finals > 0);
    await bench.run("final");
    assert.equal(await bench.target(), target);
    assert.equal(await bench.wasReloaded(), true);
    assert.deepEqual(stagesOf(bench), ["provisional", "final"]);
    const [result, differing] = answersOf(bench)[0]!;
    assert.equal(result, "changed");
    assert.ok(Math.abs(differing - differencePh) < 1e-9);
    assert.deepEqual(
      bench.hooks.map(([name, { stage }]) => `${name} ${stage}`),
      winner === HOTKEY
        ? ["on_result provisional", "on_lost provisional", "on_result final", "on_won final"]
        : ["on_result provisional", "on_lost provisional", "on_result final", "on_lost final"],
    );
    await bench.run();
    assert.equal((await startedPids(bench)).length, 1, "nothing is left to ask");
    assert.equal(bench.launches.length, 1);
  });
}

Deno.test("AuctionKeeper keeps the routing, and tells on_result alone, when the program confirms it", async () => {
  await using bench = await setUp({ script: (answer) => `sleep 2; ${answer}` });
  const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2", {}, {
    bids: { [RIVAL]: "2;b;BTC,1=0.05:1" },
  });
  await Deno.writeTextFile(join(bench.folder, "solution"), solutionOf(first, HOTKEY));
  bench.answers = [first];
  await bench.run("start");
  assert.equal(await bench.target(), "900TH/s");
  await bench.wasReloaded();
  await until(() => bench.finals > 0);
  await bench.run("final");
  assert.equal(await bench.wasReloaded(), false);
  assert.deepEqual(answersOf(bench), [["confirmed", 0]]);
  assert.deepEqual(bench.hooks.map(([name, { stage }]) => `${name} ${stage}`), [
    "on_result provisional",
    "on_won provisional",
    "on_result final",
  ]);
});

Deno.test("AuctionKeeper asks a program that crashed again at the next tick", async () => {
  await using bench = await setUp({
    script: (answer) => `[ -e ${"$0"}.ran ] || { touch "$0.ran"; echo broken >&2; exit 3; }\n${answer}`,
  });
  await bench.run("start");
  assert.equal(await bench.target(), PROVISIONAL);
  assert.match(String(bench.log.fieldsOf("Solver fell back to glpk")?.error), /exit code 3 \("broken"\)/);
  const computedEvent = bench.events.find((event) => event.kind === "outcome-computed");
  assert.match(computedEvent?.computed.outcome.solver?.fallbackReason ?? "", /exit code 3/);
  assert.equal(computedEvent?.computed.outcome.stage, "provisional");
  await bench.run();
  await until(() => bench.finals > 0);
  await bench.run("final");
  assert.equal(await bench.target(), "900TH/s");
  assert.equal(bench.launches.length, 1, "the window is not computed again");
  assert.ok(bench.log.events("info").includes("Solver works again"));
  assert.deepEqual(answersOf(bench).map(([result]) => result), ["failed", "changed"]);
});

Deno.test("AuctionKeeper leaves the provisional outcome when the program takes too long", async () => {
  await using bench = await setUp({ script: () => "sleep 60", solver: `cbc_time_limit = "2s"` });
  await bench.run("start");
  await until(() => bench.finals > 0);
  assert.equal(await areGone(bench), true);
  await bench.run("final");
  await bench.run();
  assert.equal(await bench.target(), PROVISIONAL);
  assert.match(String(bench.log.fieldsOf("Solver fell back to glpk")?.error), /took longer than 2\.0 s/);
  assert.equal((await startedPids(bench)).length, 1, "it is not asked the same again");
  // With more time it is.
  await useSolver(bench, `cbc_time_limit = "3m"`);
  bench.answers = [await contested()];
  await bench.run();
  await until(async () => (await startedPids(bench)).length === 2);
  await bench.keeper.stop();
  assert.equal(await areGone(bench), true);
});

Deno.test("AuctionKeeper does not ask in the last minute of a window", async () => {
  await using bench = await setUp({ script: (answer) => answer });
  bench.keeper.noticeHead(WINDOW.lastBlock - 4);
  await bench.run("start");
  assert.equal(await bench.target(), PROVISIONAL);
  assert.deepEqual(await startedPids(bench), []);
  assert.match(String(bench.log.fieldsOf("Solver fell back to glpk")?.error), /no time left/);
});

for (
  const [what, end] of [
    ["the agent stops", (bench: KeeperBench) => bench.keeper.stop()],
    ["the next window begins", (bench: KeeperBench) => void bench.keeper.noticeHead(WINDOW.lastBlock + 1)],
    ["a reorganisation replaces the first block", async (bench: KeeperBench) => {
      bench.node.hash = "0xother";
      bench.answers = [await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2")];
      await bench.run();
      assert.equal(await bench.target(), "900TH/s");
    }],
    ["another engine is configured", async (bench: KeeperBench) => {
      await useSolver(bench, `engine = "glpk"`);
      bench.answers = [await contested()];
      await bench.run();
      assert.equal(
        bench.events.findLast((event) => event.kind === "outcome-computed")?.computed.outcome.stage,
        "final",
      );
    }],
  ] as const
) {
  Deno.test(`AuctionKeeper ends the program when ${what}`, async () => {
    await using bench = await setUp({ script: () => "sleep 60 & wait" });
    await bench.run("start");
    assert.equal((await startedPids(bench)).length, 1);
    const startMs = performance.now();
    await end(bench);
    await until(() => areGone(bench));
    assert.ok(performance.now() - startMs < 3_000);
    await bench.keeper.stop();
    assert.equal(bench.finals, 0);
  });
}

Deno.test("AuctionKeeper counts its patience from the window's first block", async () => {
  await using bench = await setUp({ script: () => "sleep 60" });
  await bench.run("start");
  const next = WINDOW.lastBlock + 1;
  bench.keeper.noticeHead(next);
  hurry(bench, 100);
  bench.answers = [await contested(next)];
  const startMs = performance.now();
  await bench.run("window-begins");
  assert.ok(performance.now() - startMs < 1_000);
  assert.equal(await bench.target(), PROVISIONAL);
  await bench.keeper.stop();
});

Deno.test("AuctionKeeper starts no program once it is stopped, whatever a run is at", async () => {
  await using bench = await setUp({ script: () => "sleep 60" });
  await bench.keeper.stop();
  await bench.run("start");
  assert.equal(await bench.target(), PROVISIONAL);
  assert.deepEqual(await startedPids(bench), []);
});

Deno.test("AuctionKeeper says that a program is missed", async () => {
  await using bench = await setUp({ script: () => "", solver: `engine = "cbc"` });
  await Deno.remove(join(bench.folder, "cbc"));
  await bench.run("start");
  assert.equal(await bench.target(), PROVISIONAL);
  assert.match(String(bench.log.fieldsOf("Solver fell back to glpk")?.error), /cbc does not start/);
  assert.deepEqual(stagesOf(bench), ["provisional"]);
});
