import assert from "node:assert/strict";
import { Fleet } from "../../../src/delivery/asics/fleet.ts";
import type { FleetConfig } from "../../../src/delivery/asics/fleet_config.ts";
import {
  type FleetReport,
  FleetShortError,
  type MinerProblemKind,
  stuckMiners,
} from "../../../src/delivery/asics/fleet_report.ts";
import type { MinerFault } from "../../../src/simulator/asic/mod.ts";
import { about, problems, Rig, SUBNET_POOL } from "./rig.ts";

Deno.test("Fleet.apply() switches the machines that cover what was won with the least surplus", async () => {
  await using rig = new Rig([100, 60, 50, 30]);
  const report = await rig.apply(110);
  assert.equal(rig.atSubnet, "bc");
  assert.equal(rig.takeSwitched(), "bc");
  const { miners, ...totals } = report;
  assert.deepEqual(totals, {
    mode: "asic",
    dryRun: false,
    wantedHashratePh: 0.11,
    coveredHashratePh: 0.11,
    surplusHashratePh: 0,
    shortfallHashratePh: 0,
    switchedCount: 2,
    removed: [],
  });
  assert.deepEqual(miners[1], {
    name: "b",
    address: `127.0.0.1:${rig.server("b").port}`,
    nominalHashratePh: 0.06,
    countedHashratePh: 0.06,
    wanted: "subnet",
    found: "subnet",
    poolNumber: 1,
    switched: true,
    readingPh: 0.06,
    workerId: "account.worker",
    problem: null,
  });
  assert.deepEqual([miners[0]!.wanted, miners[0]!.found, miners[0]!.switched], [
    "fallback",
    "fallback",
    false,
  ]);
});

Deno.test("Fleet.apply() leaves machines alone that are in place, and those at a third pool", async () => {
  await using rig = new Rig([100, 50, 50]);
  rig.miner("c").usePool(2);
  await rig.apply(100);
  rig.takeSwitched();
  const report = await rig.apply(100, { windowKey: "window 2" });
  assert.equal(rig.takeSwitched(), "");
  assert.equal(report.switchedCount, 0);
  assert.deepEqual([about(report, "c").found, about(report, "c").poolNumber], ["elsewhere", 2]);
});

Deno.test("Fleet.apply() releases all machines when nothing was won", async () => {
  await using rig = new Rig([100, 50]);
  await rig.apply(150);
  const report = await rig.apply(0, { windowKey: null });
  assert.equal(rig.atSubnet, "");
  assert.deepEqual([report.wantedHashratePh, report.coveredHashratePh, report.switchedCount], [0, 0, 2]);
});

Deno.test("Fleet.apply() delivers its share, rounded up", async () => {
  await using rig = new Rig([30, 31, 100], { share: 0.3 });
  const report = await rig.apply(100.000001);
  assert.ok(report.wantedHashratePh > 0.03 && report.wantedHashratePh < 0.030001);
  assert.equal(rig.atSubnet, "b");
});

Deno.test("Fleet.apply() changes few machines from window to window", async () => {
  await using rig = new Rig([50, 50, 50, 50, 100]);
  await rig.apply(100);
  const first = rig.atSubnet;
  rig.takeSwitched();
  await rig.apply(150, { windowKey: "window 2" });
  assert.equal(rig.takeSwitched().length, 1);
  await rig.apply(150, { windowKey: "window 3" });
  assert.equal(rig.takeSwitched(), "");
  await rig.apply(100, { windowKey: "window 4" });
  assert.equal(rig.takeSwitched().length, 1);
  assert.equal(first, "e");
});

Deno.test("Fleet.apply() only adds within a window, and finds the least surplus in the next one", async () => {
  await using rig = new Rig([60, 50, 110]);
  await rig.apply(50);
  assert.equal(rig.atSubnet, "b");
  await rig.apply(60);
  assert.equal(rig.atSubnet, "ab");
  await rig.apply(60, { windowKey: "window 2" });
  assert.equal(rig.atSubnet, "a");
});

Deno.test("Fleet.apply() fills in when a machine dies within a window, and keeps the fillers when it is back", async () => {
  await using rig = new Rig([100, 60, 40]);
  await rig.apply(100);
  assert.equal(rig.atSubnet, "a");
  await rig.server("a").stop();
  const report = await rig.apply(100);
  assert.equal(report.coveredHashratePh, 0.1);
  assert.deepEqual(problems(report), ["a: unreachable"]);
  assert.equal(about(report, "a").found, null);
  assert.equal(rig.takeSwitched(), "abc");
  rig.server("a").resume();
  // Sending it away is one change, sending the others back would be two.
  const back = await rig.apply(100);
  assert.equal(rig.atSubnet, "bc");
  assert.equal(rig.takeSwitched(), "a");
  assert.deepEqual(problems(back), []);
});

Deno.test("Fleet.apply() waits until a machine has connected", async () => {
  await using rig = new Rig([100], { switchMs: 25 });
  const report = await rig.apply(100);
  assert.deepEqual([report.coveredHashratePh, problems(report)], [0.1, []]);
  assert.deepEqual(rig.pausesMs.slice(0, 3), [0, 1000, 2000]);
});

Deno.test("Fleet.apply() lets no machine leave before its replacements have been seen", async () => {
  await using rig = new Rig([100, 60, 60]);
  await rig.apply(100);
  rig.miner("b").fault = { kind: "liar" };
  rig.miner("c").fault = { kind: "liar" };
  const report = await rig.apply(60, { windowKey: "window 2" });
  assert.equal(rig.atSubnet, "a");
  assert.equal(report.shortfallHashratePh, 0);
  assert.deepEqual(problems(report), ["b: not-switched", "c: not-switched"]);
  assert.equal(rig.takeSwitched(), "abc");
});

const failures: [string, MinerFault, MinerProblemKind][] = [
  ["lies", { kind: "liar" }, "not-switched"],
  ["denies access", { kind: "denied" }, "denied"],
  ["refuses", { kind: "refuse" }, "refused"],
];

for (const [what, fault, kind] of failures) {
  Deno.test(`Fleet.apply() replaces a machine that ${what}, and tries it again in the next window`, async () => {
    await using rig = new Rig([100, 60, 60]);
    rig.miner("a").fault = fault;
    const report = await rig.apply(100);
    assert.equal(rig.atSubnet, "bc");
    assert.equal(report.surplusHashratePh, 0.02);
    assert.deepEqual(problems(report), [`a: ${kind}`]);
    assert.deepEqual([about(report, "a").wanted, about(report, "a").found], ["subnet", "fallback"]);

    rig.takeSwitched();
    const again = await rig.apply(100);
    assert.equal(rig.takeSwitched(), "");
    assert.deepEqual(problems(again), [`a: ${kind}`]);

    rig.miner("a").fault = null;
    const next = await rig.apply(100, { windowKey: "window 2" });
    assert.equal(rig.atSubnet, "a");
    assert.deepEqual(problems(next), []);
  });
}

Deno.test("Fleet.apply() tries a machine that lied again after five minutes when it is needed", async () => {
  await using rig = new Rig([100, 60]);
  rig.miner("a").fault = { kind: "liar" };
  assert.equal((await rig.apply(150)).shortfallHashratePh, 0.09);
  rig.takeSwitched();
  rig.miner("a").fault = null;
  rig.passedMs += 290_000;
  await rig.apply(150);
  assert.equal(rig.takeSwitched(), "");
  rig.passedMs += 20_000;
  assert.equal((await rig.apply(150)).shortfallHashratePh, 0);
  assert.equal(rig.takeSwitched(), "a");
});

Deno.test("Fleet.apply() believes a machine that lied and went after all", async () => {
  await using rig = new Rig([100, 100]);
  rig.miner("a").fault = { kind: "liar" };
  await rig.apply(100);
  rig.miner("a").usePool(SUBNET_POOL);
  rig.miner("a").fault = null;
  const report = await rig.apply(100);
  assert.deepEqual(problems(report), []);
  assert.equal(rig.atSubnet.length, 1);
});

Deno.test("Fleet.apply() trusts what it reads back, not a missing answer", async () => {
  await using rig = new Rig([100, 100], { timeoutMs: 400 });
  rig.miner("a").fault = { kind: "mute-switch" };
  const report = await rig.apply(100);
  assert.deepEqual([rig.atSubnet, problems(report), about(report, "a").switched], ["a", [], true]);
});

Deno.test("Fleet.apply() counts on a machine that will not leave the subnet", async () => {
  await using rig = new Rig([100, 40, 60, 30]);
  await rig.apply(100);
  rig.miner("a").fault = { kind: "liar" };
  // The least surplus would be c alone.
  const report = await rig.apply(60, { windowKey: "window 2" });
  assert.equal(rig.atSubnet, "a");
  assert.deepEqual(problems(report), ["a: not-switched"]);
  assert.deepEqual([about(report, "a").wanted, about(report, "a").found], ["fallback", "subnet"]);
  assert.ok(Math.abs(report.surplusHashratePh - 0.04) < 1e-12);
  // What more is needed comes beside it.
  rig.takeSwitched();
  await rig.apply(130);
  assert.equal(rig.atSubnet, "ad");
  assert.equal(rig.takeSwitched(), "d");
});

Deno.test("Fleet.apply() does not send a machine to a fallback that is dead", async () => {
  await using rig = new Rig([100]);
  await rig.apply(100);
  rig.miner("a").setPoolAlive(0, false);
  rig.takeSwitched();
  const report = await rig.apply(0, { windowKey: "window 2" });
  assert.equal(rig.takeSwitched(), "");
  assert.deepEqual(problems(report), ["a: pool-dead"]);
  assert.match(report.miners[0]!.problem!.message, /no connection to its pool 0; check/);
});

Deno.test("Fleet.apply() uses others where the subnet's pool is dead, also when that shows after the switch", async () => {
  await using rig = new Rig([100, 60, 60]);
  rig.miner("a").setPoolAlive(SUBNET_POOL, false);
  const report = await rig.apply(100);
  assert.equal(rig.takeSwitched(), "bc");
  assert.deepEqual(problems(report), ["a: pool-dead"]);

  rig.miner("a").setPoolAlive(SUBNET_POOL, true);
  let looks = 0;
  rig.server("a").rewrite = (json) => {
    if (!json.includes("POOLS")) return json;
    // Alive when it was asked first, dead when the miner tried.
    if (looks++ === 0) return json;
    rig.miner("a").setPoolAlive(SUBNET_POOL, false);
    return json.replace('"URL":"stratum+tcp://pool-1.example.org:3333","Status":"Alive"', '"Status":"Dead"');
  };
  const next = await rig.apply(100, { windowKey: "window 2" });
  assert.equal(rig.atSubnet, "bc");
  assert.deepEqual(problems(next), ["a: pool-dead"]);
});

Deno.test("Fleet.apply() names the pool that a machine lacks", async () => {
  await using rig = new Rig([100, 60]);
  const [a, b] = rig.config.miners;
  const config = { ...rig.config, miners: [{ ...a!, subnetPool: 7 }, { ...b!, fallbackPool: 5 }] };
  const report = await rig.fleet.apply(config, { wonSizes: ["0.06"] }, { windowKey: "w", dryRun: false });
  assert.deepEqual(problems(report), ["a: no-such-pool", "b: no-such-pool"]);
  assert.match(report.miners[0]!.problem!.message, /has no pool 7 \(it has 0, 1, 2\); correct subnet_pool/);
  assert.match(report.miners[1]!.problem!.message, /has no pool 5 .* correct fallback_pool/);
  assert.equal(rig.takeSwitched(), "");
});

Deno.test("Fleet.apply() uses a weak machine only when there is nothing else, until it is strong again", async () => {
  await using rig = new Rig([100, 60, 60]);
  rig.miner("a").hashratePh = 0.04;
  const report = await rig.apply(100);
  assert.equal(rig.atSubnet, "bc");
  assert.deepEqual(problems(report), ["a: weak"]);
  assert.match(
    report.miners[0]!.problem!.message,
    /reports about 0\.04 of its nominal 0\.1 PH\/s and is used only if the others do not suffice; check its boards/,
  );
  // It counts with what it says.
  const short = await rig.apply(200, { windowKey: "window 2" });
  assert.equal(rig.atSubnet, "abc");
  assert.equal(short.coveredHashratePh, 0.16);
  rig.settle();
  rig.miner("a").hashratePh = 0.07;
  assert.deepEqual(problems(await rig.apply(100, { windowKey: "window 3" })), ["a: weak"]);
  assert.equal(rig.atSubnet, "bc");
  rig.settle();
  rig.miner("a").hashratePh = 0.081;
  assert.deepEqual(problems(await rig.apply(80, { windowKey: "window 4" })), ["a: slow"]);
  assert.equal(rig.atSubnet, "a");
});

Deno.test("Fleet.apply() does not judge a machine that has just started, or does not report its start", async () => {
  await using rig = new Rig([100, 100]);
  for (const { miner } of rig.servers) miner.hashratePh = 0;
  rig.miner("a").elapsedSeconds = 300;
  rig.miner("b").missingFields.add("Elapsed");
  const report = await rig.apply(200);
  assert.deepEqual([problems(report), report.shortfallHashratePh], [[], 0]);
  rig.miner("a").elapsedSeconds = 301;
  rig.settle();
  assert.deepEqual(problems(await rig.apply(200)), ["a: weak"]);
});

Deno.test("Fleet.apply() replaces a machine that switched and computes nothing", async () => {
  await using rig = new Rig([100, 100]);
  rig.miner("a").fault = { kind: "idle" };
  rig.miner("a").elapsedSeconds = 10;
  await rig.apply(100);
  assert.equal(rig.atSubnet, "a");
  assert.deepEqual(await rig.fleet.read(rig.config), { deliveredPh: 0, miners: 1, silent: 0 });
  rig.miner("a").elapsedSeconds = 310;
  rig.settle();
  const report = await rig.apply(100);
  assert.equal(rig.atSubnet, "b");
  assert.deepEqual(problems(report), ["a: weak"]);
});

Deno.test("Fleet.apply() fills in for a machine that restarted into its own configuration", async () => {
  await using rig = new Rig([100, 100]);
  await rig.apply(100);
  rig.miner("a").restart();
  assert.equal(rig.atSubnet, "");
  const report = await rig.apply(100);
  assert.equal(rig.atSubnet, "a");
  assert.equal(report.switchedCount, 1);
});

Deno.test("Fleet.apply() with dryRun reports what it would do, switches nothing and remembers nothing", async () => {
  await using rig = new Rig([100, 60]);
  rig.miner("b").usePool(SUBNET_POOL);
  const report = await rig.apply(100, { dryRun: true });
  assert.equal(rig.takeSwitched(), "");
  assert.deepEqual(
    [report.dryRun, report.switchedCount, report.coveredHashratePh, report.shortfallHashratePh],
    [true, 2, 0.1, 0],
  );
  assert.deepEqual(report.miners.map(({ wanted, found, switched }) => [wanted, found, switched]), [
    ["subnet", "fallback", true],
    ["fallback", "subnet", true],
  ]);
  assert.deepEqual(await rig.fleet.read(rig.config), { deliveredPh: 0, miners: 0, silent: 0 });
  // The window is new to the run that counts: it may send b away.
  await rig.apply(100);
  assert.equal(rig.atSubnet, "a");
});

Deno.test("Fleet.apply() reports a shortfall with all that can be had, and FleetShortError names it", async () => {
  await using rig = new Rig([100, 60, 50], { timeoutMs: 400 });
  await rig.server("b").stop();
  rig.miner("c").fault = { kind: "denied" };
  const report = await rig.apply(200);
  assert.equal(rig.atSubnet, "a");
  assert.deepEqual([report.coveredHashratePh, report.shortfallHashratePh], [0.1, 0.1]);
  const error = new FleetShortError(report);
  assert.equal(error.name, "FleetShortError");
  assert.equal(
    error.message,
    "Cannot cover what was won: the ASICs deliver 0.1 of 0.2 PH/s; these machines fail, see the problem of " +
      "each: b (unreachable), c (denied)",
  );
});

Deno.test("FleetShortError names the remedy when no machine has a problem", async () => {
  await using rig = new Rig([100]);
  const { message } = new FleetShortError(await rig.apply(300));
  assert.match(message, /deliver 0\.1 of 0\.3 PH\/s; all machines are at the subnet's pool; add machines/);
});

Deno.test("Fleet.apply() lets one slow machine delay the others by at most its timeout", async () => {
  await using rig = new Rig([100, 60, 60], { timeoutMs: 400 });
  rig.miner("a").fault = { kind: "trickle", delayMs: 20 };
  const startedMs = performance.now();
  const report = await rig.apply(100);
  // Its whole answer would take 20 s.
  assert.ok(performance.now() - startedMs < 5000);
  assert.equal(rig.atSubnet, "bc");
  assert.deepEqual(problems(report), ["a: timeout"]);
});

Deno.test("Fleet.apply() uses a machine that is slow but in time", async () => {
  await using rig = new Rig([100], { timeoutMs: 2000 });
  rig.miner("a").fault = { kind: "slow", delayMs: 30 };
  const report = await rig.apply(100);
  assert.deepEqual([report.coveredHashratePh, about(report, "a").readingPh], [0.1, 0.1]);
});

Deno.test("Fleet.apply() switches machines whose firmware writes broken JSON, and counts slow ones with their own figure", async () => {
  for (const dialect of ["commas", "no-commas", "nan"] as const) {
    await using rig = new Rig([100, 100]);
    for (const { miner } of rig.servers) miner.dialect = dialect;
    rig.miner("a").hashratePh = 0.08;
    const report = await rig.apply(180);
    assert.equal(rig.atSubnet, "ab", dialect);
    assert.deepEqual([problems(report), report.coveredHashratePh], [["a: slow"], 0.18], dialect);
  }
});

const deadly: [string, MinerFault, MinerProblemKind][] = [
  ["is mute", { kind: "mute" }, "timeout"],
  ["breaks off", { kind: "drop" }, "garbled"],
  ["talks nonsense", { kind: "garbled" }, "garbled"],
  ["shuts us out", { kind: "shut-out" }, "unreachable"],
];

for (const [what, fault, kind] of deadly) {
  Deno.test(`Fleet.apply() does without a machine that ${what}, and asks it each time`, async () => {
    await using rig = new Rig([100, 120], { timeoutMs: 400 });
    rig.miner("a").fault = fault;
    const report = await rig.apply(100);
    assert.equal(rig.atSubnet, "b");
    assert.deepEqual(problems(report), [`a: ${kind}`]);
    rig.miner("a").fault = null;
    assert.deepEqual(problems(await rig.apply(100)), []);
  });
}

Deno.test("Fleet.apply() switches 200 machines at once, 20 of them dead, 32 questions at a time", async () => {
  await using rig = new Rig(Array<number>(200).fill(100), { timeoutMs: 800, switchMs: 15 });
  rig.servers.forEach((server, i) => {
    if (i % 10 === 0) server.miner.fault = { kind: "mute" };
  });
  const startedMs = performance.now();
  const report = await rig.apply(15_000);
  const tookMs = performance.now() - startedMs;
  assert.deepEqual([report.coveredHashratePh, report.surplusHashratePh, report.switchedCount], [15, 0, 150]);
  assert.equal(problems(report).length, 20);
  assert.ok(tookMs < 8000, `it took ${tookMs} ms`);
  assert.ok(rig.mostConnections <= 32, `${rig.mostConnections} connections`);
  assert.equal(rig.openConnections, 0);
});

Deno.test("Fleet.apply() asks machines last that were silent before", async () => {
  await using rig = new Rig(Array<number>(40).fill(100), { timeoutMs: 400 });
  rig.servers.forEach((server, i) => {
    if (i < 35) server.miner.fault = { kind: "mute" };
  });
  await rig.apply(0);
  rig.askedPorts.length = 0;
  await rig.apply(0);
  const answering = rig.servers.slice(35).map(({ port }) => port);
  assert.deepEqual(rig.askedPorts.slice(0, 5), answering);
});

Deno.test("Fleet.apply() gives up on machines it cannot ask in time", async () => {
  await using rig = new Rig(Array<number>(40).fill(100), { timeoutMs: 400 });
  for (const { miner } of rig.servers) miner.fault = { kind: "mute" };
  let questions = 0;
  const fleet = new Fleet({
    connect: (options) => {
      questions++;
      return Deno.connect(options);
    },
    // As if the first questions had taken all the time there is.
    monotonicMs: () => questions < 32 ? 0 : 11_000,
  });
  const report = await fleet.apply(rig.config, { wonSizes: [] }, { windowKey: null, dryRun: true });
  assert.equal(questions, 32);
  assert.equal(problems(report).length, 40);
  assert.match(
    about(report, "m39").problem!.message,
    /could not be asked in time: too many machines do not answer/,
  );
});

Deno.test("Fleet.apply() switches nothing when its time is over, and reports that", async () => {
  await using rig = new Rig([100, 60]);
  let questions = 0;
  const fleet = new Fleet({
    connect: (options) => {
      questions++;
      return Deno.connect(options);
    },
    monotonicMs: () => questions < 4 ? 0 : 60_000,
  });
  const report = await fleet.apply(rig.config, { wonSizes: ["0.1"] }, { windowKey: null, dryRun: false });
  assert.equal(rig.takeSwitched(), "");
  assert.equal(report.shortfallHashratePh, 0.1);
  assert.deepEqual(problems(report), ["a: timeout", "b: timeout"]);
  assert.match(report.miners[0]!.problem!.message, /could not be switched in time/);
});

Deno.test("Fleet.apply() ends with the signal's reason and leaves no connection", async () => {
  await using rig = new Rig([100, 100], { timeoutMs: 60_000 });
  rig.miner("a").fault = { kind: "mute-switch" };
  rig.miner("b").fault = { kind: "mute-switch" };
  const controller = new AbortController();
  const reason = new Error("stopped");
  rig.server("a").rewrite = (json) => {
    if (json.includes("Switching")) controller.abort(reason);
    return json;
  };
  await assert.rejects(rig.apply(200, { signal: controller.signal }), reason);
  assert.equal(rig.openConnections, 0);
  await assert.rejects(rig.apply(200, { signal: controller.signal }), reason);
});

Deno.test("Fleet with the runtime's own parts switches, and its pauses end with the signal", async () => {
  await using rig = new Rig([100]);
  const fleet = new Fleet();
  const run = { windowKey: "w", dryRun: false };
  const report = await fleet.apply(rig.config, { wonSizes: ["0.1"] }, run);
  assert.equal(report.coveredHashratePh, 0.1);

  rig.miner("a").fault = { kind: "liar" };
  const controller = new AbortController();
  const reason = new Error("stopped");
  let looks = 0;
  rig.server("a").rewrite = (json) => {
    // The second look at the pools comes after the command; a pause of a second follows it.
    if (json.includes("POOLS") && ++looks === 2) setTimeout(() => controller.abort(reason), 50);
    return json;
  };
  await assert.rejects(
    fleet.apply(rig.config, { wonSizes: [] }, { ...run, signal: controller.signal }),
    reason,
  );
  assert.equal(looks, 2);
});

Deno.test("Fleet.read() adds up the figures of the machines at the subnet's pool, and counts the silent ones", async () => {
  await using rig = new Rig([100, 60, 40, 30], { timeoutMs: 400 });
  assert.deepEqual(await rig.fleet.read(rig.config), { deliveredPh: 0, miners: 0, silent: 0 });
  await rig.apply(200);
  assert.equal(rig.atSubnet, "abc");
  rig.miner("a").hashratePh = 0.125;
  rig.miner("b").usePool(0);
  assert.deepEqual(await rig.fleet.read(rig.config), { deliveredPh: 0.165, miners: 3, silent: 0 });
  await rig.server("c").stop();
  for (const period of ["av", "5s", "1m", "5m", "15m"]) rig.miner("a").missingFields.add(`MHS ${period}`);
  assert.deepEqual(await rig.fleet.read(rig.config), { deliveredPh: 0, miners: 1, silent: 2 });
});

Deno.test("Fleet does one thing after the other, and readings last", async () => {
  await using rig = new Rig([100, 50]);
  const [first, reading, second] = await Promise.all([
    rig.apply(100),
    rig.fleet.read(rig.config),
    rig.apply(50, { windowKey: "window 2" }),
  ]);
  assert.deepEqual([first.coveredHashratePh, reading.deliveredPh, second.coveredHashratePh], [
    0.1,
    0.05,
    0.05,
  ]);
  assert.equal(rig.atSubnet, "b");
});

Deno.test("Fleet.apply() throws for a size that is not a decimal", async () => {
  await using rig = new Rig([100]);
  const demand = { wonSizes: ["much"] };
  await assert.rejects(
    rig.fleet.apply(rig.config, demand, { windowKey: null, dryRun: false }),
    { name: "ProtocolError" },
  );
});

Deno.test("Fleet.apply() does not wait for a hanging reading, which starts again afterwards", async () => {
  await using rig = new Rig([100, 50]);
  await rig.apply(150);
  rig.miner("a").fault = { kind: "mute" };
  const asked = rig.server("a").acceptedCount;
  const reading = rig.fleet.read(rig.config);
  while (rig.server("a").acceptedCount === asked) await new Promise((resolve) => setTimeout(resolve, 1));
  rig.miner("a").fault = null;
  const startedMs = performance.now();
  const report = await rig.apply(100, { windowKey: "window 2" });
  assert.ok(performance.now() - startedMs < 500, "the timeout of a question is a second");
  assert.equal(report.coveredHashratePh, 0.1);
  assert.deepEqual(await reading, { deliveredPh: 0.1, miners: 1, silent: 0 });
});

Deno.test("Fleet.read() ends at once with its signal, and leaves no connection open", async () => {
  await using rig = new Rig([100]);
  await rig.apply(100);
  rig.miner("a").fault = { kind: "mute" };
  const asked = rig.server("a").acceptedCount;
  const stop = new AbortController();
  const reading = rig.fleet.read(rig.config, stop.signal);
  while (rig.server("a").acceptedCount === asked) await new Promise((resolve) => setTimeout(resolve, 1));
  stop.abort(new Error("stopping"));
  await assert.rejects(reading, /stopping/);
  assert.equal(rig.openConnections, 0);
});

Deno.test("Fleet.apply() counts slow machines with their own figure, and spares come in within the window", async () => {
  await using rig = new Rig([100, 100, 100, 100, 100, 60, 60, 30]);
  await rig.apply(500);
  assert.equal(rig.atSubnet, "abcde");
  for (const name of "abcde") rig.miner(name).hashratePh = 0.08;
  rig.takeSwitched();
  rig.settle();
  const report = await rig.apply(500);
  assert.equal(rig.atSubnet, "abcdefg");
  assert.equal(rig.takeSwitched(), "fg", "nobody leaves");
  assert.deepEqual([report.coveredHashratePh, report.shortfallHashratePh], [0.52, 0]);
  assert.deepEqual(problems(report), ["a: slow", "b: slow", "c: slow", "d: slow", "e: slow"]);
  assert.deepEqual([about(report, "a").nominalHashratePh, about(report, "a").countedHashratePh], [0.1, 0.08]);
  assert.match(
    about(report, "a").problem!.message,
    /reports about 0\.08 of its nominal 0\.1 PH\/s and counts with that; check its boards/,
  );
  rig.settle();
  const { deliveredPh } = await rig.fleet.read(rig.config);
  assert.ok(deliveredPh >= report.wantedHashratePh, String(deliveredPh));
});

Deno.test("Fleet.apply() does not change machines because their figures fluctuate", async () => {
  await using rig = new Rig([100, 100, 104, 110, 118, 140, 60, 30]);
  // A fixed sequence, within 3 % of what a machine has: nominal, or for one of them a tenth less.
  const nominalPh = rig.servers.map(({ miner }) => miner.hashratePh);
  let seed = 7;
  const fluctuate = (): void =>
    rig.servers.forEach(({ miner }, i) => {
      seed = (seed * 48_271) % 2_147_483_647;
      const part = (i === 2 ? 0.9 : 1) + (seed / 2_147_483_647 - 0.5) * 0.06;
      miner.hashratePh = nominalPh[i]! * part;
    });
  const changes: string[] = [];
  for (let run = 0; run < 60; run++) {
    fluctuate();
    const report = await rig.apply(400, { windowKey: `window ${Math.floor(run / 10)}` });
    assert.equal(report.shortfallHashratePh, 0);
    changes.push(rig.takeSwitched());
    rig.passedMs += 60_000;
  }
  // What is chosen in the beginning stays, but for the windows after the slow one was seen to be slow.
  assert.deepEqual(changes.slice(21).join(""), "", changes.join());
});

Deno.test("Fleet.apply() is held up by a hanging machine only in the first run", async () => {
  await using rig = new Rig([100, 60, 60], { timeoutMs: 1200 });
  await rig.apply(100);
  rig.miner("a").fault = { kind: "mute" };
  await rig.apply(100);
  assert.equal(rig.atSubnet, "abc");
  await rig.apply(60, { windowKey: "window 2" });
  const startedMs = performance.now();
  const run = rig.apply(120, { windowKey: "window 3" });
  while (rig.atSubnet !== "abc") await new Promise((resolve) => setTimeout(resolve, 5));
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < 700, `${tookMs} ms`);
  const report = await run;
  assert.deepEqual([problems(report), report.shortfallHashratePh], [["a: timeout"], 0]);
});

Deno.test("Fleet.apply() is not delayed by many hanging machines", async () => {
  await using rig = new Rig([...Array<number>(40).fill(100), 60, 60], { timeoutMs: 1000 });
  for (const { miner } of rig.servers.slice(0, 40)) miner.fault = { kind: "mute" };
  await rig.apply(0);
  const startedMs = performance.now();
  const run = rig.apply(120, { windowKey: "window 2" });
  const isThere = (i: number): boolean => rig.servers[i]!.miner.currentPool === SUBNET_POOL;
  while (!isThere(40) || !isThere(41)) await new Promise((resolve) => setTimeout(resolve, 5));
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < 700, `${tookMs} ms`);
  assert.equal((await run).shortfallHashratePh, 0);
});

Deno.test("Fleet.apply() uses the late answer of a silent machine, and switches it away if it is surplus", async () => {
  await using rig = new Rig([100, 60, 60], { timeoutMs: 800 });
  await rig.apply(100);
  rig.miner("a").fault = { kind: "mute" };
  await rig.apply(100);
  rig.takeSwitched();
  rig.miner("a").fault = { kind: "slow", delayMs: 100 };
  const report = await rig.apply(120);
  assert.equal(rig.atSubnet, "bc");
  assert.equal(rig.takeSwitched(), "a");
  assert.deepEqual([about(report, "a").found, about(report, "a").switched], ["fallback", true]);
  assert.deepEqual([problems(report), report.coveredHashratePh], [[], 0.12]);
});

Deno.test("Fleet.apply() uses a machine that was silent when the others do not suffice", async () => {
  await using rig = new Rig([100, 60], { timeoutMs: 800 });
  rig.miner("a").fault = { kind: "mute" };
  assert.equal((await rig.apply(150)).shortfallHashratePh, 0.09);
  rig.miner("a").fault = null;
  assert.equal((await rig.apply(150)).shortfallHashratePh, 0);
  assert.equal(rig.atSubnet, "ab");
});

Deno.test("Fleet.read() waits for a machine that hangs only once", async () => {
  await using rig = new Rig([100, 60], { timeoutMs: 1000 });
  await rig.apply(160);
  rig.miner("a").fault = { kind: "mute" };
  const expected = { deliveredPh: 0.06, miners: 1, silent: 1 };
  assert.deepEqual(await rig.fleet.read(rig.config), expected);
  const startedMs = performance.now();
  assert.deepEqual(await rig.fleet.read(rig.config), expected);
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < 600, `${tookMs} ms`);
  rig.miner("a").fault = null;
  assert.deepEqual(await rig.fleet.read(rig.config), { deliveredPh: 0.16, miners: 2, silent: 0 });
});

/** The rig's configuration without some machines. */
function without(rig: Rig, names: string): FleetConfig {
  return { ...rig.config, miners: rig.config.miners.filter(({ name }) => !names.includes(name)) };
}

Deno.test("Fleet.apply() sends machines that are no longer configured to their fallback, when others have come", async () => {
  await using rig = new Rig([100, 60, 60]);
  await rig.apply(100);
  assert.equal(rig.atSubnet, "a");
  const config = without(rig, "a");
  assert.ok(rig.fleet.owesRelease(config.miners));
  let others = 0;
  rig.server("a").rewrite = (json) => {
    if (json.includes("Switching")) others = rig.atSubnet.replace("a", "").length;
    return json;
  };
  const run = { windowKey: "window 1", dryRun: false };
  const dry = await rig.fleet.apply(config, { wonSizes: ["0.1"] }, { ...run, dryRun: true });
  assert.deepEqual(dry.removed.map(({ name, switched }) => [name, switched]), [["a", true]]);
  assert.equal(rig.atSubnet, "a");
  const report = await rig.fleet.apply(config, { wonSizes: ["0.1"] }, run);
  assert.equal(rig.atSubnet, "bc");
  assert.equal(others, 2, "b and c were there before a left");
  assert.deepEqual(
    report.removed.map((
      { name, wanted, found, switched, problem },
    ) => [name, wanted, found, switched, problem]),
    [
      ["a", "fallback", "fallback", true, null],
    ],
  );
  assert.deepEqual([report.miners.length, report.coveredHashratePh], [2, 0.12]);
  assert.ok(!rig.fleet.owesRelease(config.miners));
  assert.deepEqual((await rig.fleet.apply(config, { wonSizes: ["0.1"] }, run)).removed, []);
});

Deno.test("Fleet.apply() does not count a machine that is no longer configured, and tries again as long as it stays", async () => {
  await using rig = new Rig([100, 60]);
  await rig.apply(100);
  rig.miner("a").fault = { kind: "denied" };
  const run = { windowKey: "window 1", dryRun: false };
  for (let times = 0; times < 3; times++) {
    rig.takeSwitched();
    const { removed, ...report } = await rig.fleet.apply(without(rig, "a"), { wonSizes: ["0.06"] }, run);
    assert.equal(rig.takeSwitched(), times === 0 ? "ab" : "a");
    assert.deepEqual([report.coveredHashratePh, report.shortfallHashratePh], [0.06, 0]);
    assert.deepEqual(removed.map(({ problem }) => problem?.kind), ["denied"]);
    assert.deepEqual(stuckMiners({ ...report, removed }).map(({ name }) => name), ["a"]);
    assert.match(
      removed[0]!.problem!.message,
      /no longer in \[asic\] .* switch it to its pool 0 there if it does$/,
    );
    // It answers: it is not given up.
    rig.passedMs += 30 * 60_000;
  }
  rig.miner("a").fault = null;
  const { removed } = await rig.fleet.apply(null, { wonSizes: ["0.1"] }, run);
  assert.deepEqual(removed.map(({ name, found, problem }) => [name, found, problem]), [
    ["a", "fallback", null],
    ["b", "fallback", null],
  ]);
  assert.equal(rig.atSubnet, "");
});

Deno.test("Fleet.apply() keeps removed machines at the subnet until the others cover what was won", async () => {
  await using rig = new Rig([100, 60, 30, 80]);
  await rig.apply(270);
  rig.takeSwitched();
  const config = without(rig, "ac");
  await rig.server("d").stop();
  const apply = (wonPh: string, dryRun = false): Promise<FleetReport> =>
    rig.fleet.apply(config, { wonSizes: [wonPh] }, { windowKey: "window 1", dryRun });
  const wantedOf = ({ removed }: FleetReport): unknown =>
    removed.map(({ name, wanted, switched, problem }) => [name, wanted, switched, problem]);

  const short = await apply("0.08");
  assert.deepEqual(wantedOf(short), [["a", "fallback", true, null], ["c", "subnet", false, null]]);
  assert.deepEqual([short.coveredHashratePh, short.shortfallHashratePh], [0.06, 0.02]);
  assert.deepEqual(stuckMiners(short), []);
  assert.match(new FleetShortError(short).message, /these stay at the subnet .* no longer in \[asic\]: c$/);
  assert.ok(rig.fleet.owesRelease(config.miners));
  assert.deepEqual(wantedOf(await apply("0.08", true)), [["c", "subnet", false, null]]);
  // It delivers, and is measured.
  assert.deepEqual(await rig.fleet.read(config), { deliveredPh: 0.09, miners: 2, silent: 0 });

  rig.server("d").resume();
  const covered = await apply("0.08");
  assert.deepEqual(wantedOf(covered), [["c", "fallback", true, null]]);
  assert.deepEqual([covered.shortfallHashratePh, rig.atSubnet.includes("c")], [0, false]);
  assert.ok(!rig.fleet.owesRelease(config.miners));
});

Deno.test("Fleet.apply() keeps a removed machine if none of its replacements arrived", async () => {
  await using rig = new Rig([100, 60, 60]);
  await rig.apply(100);
  rig.miner("b").fault = { kind: "liar" };
  const apply = (windowKey: string): Promise<FleetReport> =>
    rig.fleet.apply(without(rig, "a"), { wonSizes: ["0.1"] }, { windowKey, dryRun: false });
  assert.equal((await apply("window 1")).shortfallHashratePh, 0.04);
  assert.equal(rig.atSubnet, "ac");
  rig.miner("b").fault = null;
  assert.equal((await apply("window 2")).shortfallHashratePh, 0);
  assert.equal(rig.atSubnet, "bc");
});

Deno.test("Fleet.apply() gives up a machine that is no longer configured and does not answer for two windows", async () => {
  await using rig = new Rig([100, 60]);
  await rig.apply(100);
  await rig.server("a").stop();
  const run = { windowKey: "window 1", dryRun: false };
  const config = without(rig, "a");
  const problem = async (): Promise<string | undefined> =>
    (await rig.fleet.apply(config, { wonSizes: [] }, run)).removed[0]?.problem?.message;
  assert.match((await problem())!, /nothing listens there; .*if it does$/);
  rig.passedMs += 23 * 60_000;
  assert.match((await problem())!, /if it does$/);
  rig.passedMs += 60_000;
  assert.match((await problem())!, /it has not answered for too long and is given up$/);
  assert.equal(await problem(), undefined);
  assert.ok(!rig.fleet.owesRelease([]));
});

Deno.test("Fleet.apply() is not kept from switching by a removed machine that hangs", async () => {
  await using rig = new Rig([100, 60, 60], { timeoutMs: 1200 });
  await rig.apply(100);
  rig.miner("a").fault = { kind: "mute" };
  const startedMs = performance.now();
  const run = rig.fleet.apply(without(rig, "a"), { wonSizes: ["0.12"] }, {
    windowKey: "window 2",
    dryRun: false,
  });
  while (rig.atSubnet !== "abc") await new Promise((resolve) => setTimeout(resolve, 5));
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < 700, `${tookMs} ms`);
  assert.deepEqual((await run).removed.map(({ problem }) => problem?.kind), ["timeout"]);
});

Deno.test("Fleet.apply() takes a machine of another name or with other pools for the same one", async () => {
  await using rig = new Rig([100, 60]);
  await rig.apply(160);
  rig.takeSwitched();
  const [a, b] = rig.config.miners;
  const config = { ...rig.config, miners: [{ ...a!, name: "renamed" }, { ...b!, subnetPool: 2 }] };
  const run = { windowKey: "window 1", dryRun: false };
  const report = await rig.fleet.apply(config, { wonSizes: ["0.16"] }, run);
  assert.deepEqual([report.removed, report.shortfallHashratePh], [[], 0]);
  assert.deepEqual(rig.servers.map(({ miner }) => miner.currentPool), [SUBNET_POOL, 2]);
  assert.equal(rig.takeSwitched(), "b");
});

Deno.test("Fleet.apply() leaves the same machine under another address where it belongs, after a run", async () => {
  await using rig = new Rig([100]);
  await rig.apply(100);
  const [a] = rig.config.miners;
  const config = { ...rig.config, miners: [{ ...a!, name: "a by name", host: "localhost" }] };
  const run = { windowKey: "window 1", dryRun: false };
  await rig.fleet.apply(config, { wonSizes: ["0.1"] }, run);
  for (let times = 0; times < 3; times++) {
    const { removed, shortfallHashratePh } = await rig.fleet.apply(config, { wonSizes: ["0.1"] }, run);
    assert.deepEqual([rig.atSubnet, removed, shortfallHashratePh], ["a", [], 0]);
  }
});

Deno.test("Fleet.apply() does not take a machine for gone that has no pool alive", async () => {
  await using rig = new Rig([100]);
  await rig.apply(100);
  for (const pool of [0, 1, 2]) rig.miner("a").setPoolAlive(pool, false);
  const run = { windowKey: "window 1", dryRun: false };
  const { removed } = await rig.fleet.apply(null, { wonSizes: [] }, run);
  assert.deepEqual(removed.map(({ found, problem }) => [found, problem?.kind]), [["elsewhere", "pool-dead"]]);
  for (const pool of [0, 1, 2]) rig.miner("a").setPoolAlive(pool, true);
  assert.equal(rig.atSubnet, "a");
  await rig.fleet.apply(null, { wonSizes: [] }, run);
  assert.equal(rig.atSubnet, "");
  assert.ok(!rig.fleet.owesRelease([]));
});
