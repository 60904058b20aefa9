import assert from "node:assert/strict";
import { join } from "node:path";
import type { RouteReport } from "../../src/agent/jobs/deliver.ts";
import { epochStart, windowAt } from "../../src/auction/protocol/windows.ts";
import type { FailedTarget } from "../../src/delivery/proxies/errors.ts";
import { computed, KeeperBench, NETUID, POOLS, WINDOW } from "./keeper_bench.ts";

Deno.test("AuctionKeeper computes a window once, and at later ticks asks the node whether anything moved", async () => {
  await using bench = await KeeperBench.set();
  const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
  bench.answers = [first];
  await bench.run("start");
  assert.equal(await bench.target(), "900TH/s");
  assert.equal(await bench.wasReloaded(), true);

  Object.assign(bench.node, { headNumber: WINDOW.firstBlock + 10, hash: first.snapshot.firstBlock.hash });
  await bench.run();
  await bench.run();
  assert.equal(bench.launches.length, 1);
  assert.equal(await bench.wasReloaded(), false);
  assert.ok(bench.node.questions <= 6);
});

for (const blocks of [-61, 61, 4e9]) {
  Deno.test(`AuctionKeeper routes no result whose head is ${blocks} blocks from the one that it follows`, async () => {
    await using bench = await KeeperBench.set();
    const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
    bench.node.headNumber = first.snapshot.head.number - blocks;
    bench.answers = [first, first];
    await bench.run("start");
    assert.match(String(bench.log.fieldsOf("Auction failed")?.error), /the head that the agent follows/);
    assert.equal(await bench.target(), "5TH/s");
    // It may be the followed node that is wrong.
    assert.equal(bench.passedOver, 1);
    bench.node.headNumber = first.snapshot.head.number;
    await bench.run();
    assert.equal(await bench.target(), "900TH/s");
  });
}

Deno.test("AuctionKeeper gets over a head that the chain never had", async () => {
  await using bench = await KeeperBench.set();
  const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
  const next = await computed(WINDOW.lastBlock + 1, "2;b;BTC,1=0.25:1");
  bench.answers = [first, next];
  await bench.run("start");
  bench.keeper.noticeHead(4e9);
  // Longer than `stale_after`.
  bench.nowMs += 7_200_000;
  const { number } = next.snapshot.head;
  bench.node.headNumber = number;
  assert.equal(bench.keeper.noticeHead(number), null, "it was announced already, so to speak");
  await bench.run();
  assert.equal(await bench.target(), "250TH/s");
  assert.equal(bench.log.fieldsOf("Auction failed"), undefined);
  const { lastBlock } = WINDOW;
  assert.equal(bench.keeper.noticeHead(lastBlock + 59), "window-close", "and announces again");
});

Deno.test("AuctionKeeper routes again when the proxy's file was edited", async () => {
  await using bench = await KeeperBench.set();
  const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
  bench.answers = [first];
  await bench.run("start");
  Object.assign(bench.node, { headNumber: WINDOW.firstBlock + 10, hash: first.snapshot.firstBlock.hash });
  await Deno.writeTextFile(join(bench.folder, "pools.toml"), POOLS);
  await bench.run();
  assert.equal(await bench.target(), "900TH/s");
  assert.equal(bench.launches.length, 1);
});

for (
  const [what, move] of [
    ["a reorganisation changed the first block", (bench: KeeperBench) => bench.node.hash = "0xother"],
    ["the mechanism split moved", (bench: KeeperBench) => bench.node.split = "0x9999"],
    ["the node does not answer", (bench: KeeperBench) => bench.node.headNumber = null],
    ["the next window is close", (bench: KeeperBench) => bench.node.headNumber = WINDOW.lastBlock - 2],
  ] as const
) {
  Deno.test(`AuctionKeeper starts a job when ${what}`, async () => {
    await using bench = await KeeperBench.set();
    const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
    const unchanged = { kind: "unchanged", window: first.window, head: first.snapshot.head } as const;
    bench.answers = [first, unchanged];
    await bench.run("start");
    Object.assign(bench.node, { headNumber: WINDOW.firstBlock + 10, hash: first.snapshot.firstBlock.hash });
    await bench.run(); // learns the split's value
    move(bench);
    await bench.run();
    assert.equal(bench.launches.length, 2);
    assert.deepEqual(bench.launches[1], {
      window: WINDOW,
      firstBlock: first.snapshot.firstBlock,
      mechanismEmissionSplit: first.snapshot.mechanismEmissionSplit,
    });
  });
}

Deno.test("AuctionKeeper reports the window that closed with its outcome, and a failing callback stops nothing", async () => {
  await using bench = await KeeperBench.set();
  const next = WINDOW.lastBlock + 1;
  bench.answers = [
    await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2"),
    await computed(next, "2;b;BTC,1=0.25:1"),
  ];
  await bench.run("start");
  await bench.run("window-begins");
  assert.equal(await bench.target(), "250TH/s");
  const completed = bench.log.fieldsOf("Window completed");
  assert.deepEqual([completed?.first_block, completed?.won_count, completed?.routed], [
    WINDOW.firstBlock,
    2,
    true,
  ]);
  assert.equal(bench.log.events("error").filter((event) => event === "Callback failed").length, 2);
});

Deno.test("AuctionKeeper keeps the last routing through a broken configuration, and recovers by itself", async () => {
  await using bench = await KeeperBench.set();
  const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
  bench.answers = [first];
  await bench.run("start");
  Object.assign(bench.node, { headNumber: WINDOW.firstBlock + 10, hash: first.snapshot.firstBlock.hash });

  const path = join(bench.folder, "config.toml");
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replace("netuid = 89", "netuid = ="));
  await bench.run();
  assert.match(String(bench.log.fieldsOf("Auction failed")?.error), /config\.toml: line 3, column/);
  assert.equal(await bench.target(), "900TH/s");

  await bench.configure(`worker_sizes = { "0.25" = 1 }`);
  await bench.run();
  assert.ok(bench.log.events("info").includes("Auction works again"));
  assert.deepEqual(bench.log.fieldsOf("Configuration changed"), {
    workers: { old: "2;b;BTC,1=0.45:2", new: "2;b;BTC,1=0.25:1" },
  });
});

Deno.test("AuctionKeeper retries at the next tick after a failure, and summarises identical ones", async () => {
  await using bench = await KeeperBench.set();
  bench.answers = [1, 2, 3, 4].map(() => new Error("endpoint is gone"));
  for (let i = 0; i < 4; i++) await bench.run();
  assert.equal(bench.launches.length, 4);
  assert.deepEqual(bench.log.events("error"), [
    "Auction failed",
    "Auction failed again",
    "Auction failed again",
  ]);
  assert.equal(await bench.target(), "5TH/s");
  bench.answers = [await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2")];
  await bench.run();
  assert.equal(bench.log.fieldsOf("Auction works again")?.failures, 4);
});

Deno.test("AuctionKeeper keeps a failed reload pending, and retries it at a later tick", async () => {
  await using bench = await KeeperBench.set();
  const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
  bench.answers = [first];
  const sentinel = join(bench.folder, ".reload-ihp");
  await Deno.mkdir(join(bench.folder, "elsewhere"));
  await Deno.symlink(join(bench.folder, "nowhere/deeper/x"), sentinel);
  await bench.run("start");
  const pending = bench.log.events("error").includes("Proxy reload pending");
  await Deno.remove(sentinel);
  Object.assign(bench.node, { headNumber: WINDOW.firstBlock + 10, hash: first.snapshot.firstBlock.hash });
  await bench.run();
  assert.equal(pending, true);
  assert.equal(await bench.wasReloaded(), true);
  assert.deepEqual(bench.reloads, [true, false]);
});

for (const [policy, expected] of [["keep", "900TH/s"], ["release", "0TH/s"]] as const) {
  Deno.test(`AuctionKeeper with on_stale = "${policy}" leaves ${expected} after two windows without an outcome`, async () => {
    await using bench = await KeeperBench.set(`on_stale = "${policy}"`);
    const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
    bench.answers = [first];
    await bench.run("start");
    bench.nowMs += 1_430_000;
    await bench.run();
    assert.equal(await bench.target(), "900TH/s", "not yet: 1430 s of 1440 s");
    bench.nowMs += 20_000;
    await bench.run();
    assert.equal(await bench.target(), expected);
    assert.equal(bench.log.fieldsOf("No window could be computed for too long")?.policy, policy);

    bench.answers = [first];
    await bench.run();
    assert.equal(await bench.target(), "900TH/s");
    assert.ok(bench.log.events("info").includes("Routing follows the auction again"));
  });
}

for (const hours of [-10, 10]) {
  Deno.test(`AuctionKeeper releases after two windows without an outcome while the host's clock steps by ${hours} h`, async () => {
    await using bench = await KeeperBench.set('on_stale = "release"');
    const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
    bench.answers = [first];
    await bench.run("start");
    bench.steppedMs += hours * 3_600_000;
    bench.nowMs += 1_430_000;
    await bench.run();
    assert.equal(await bench.target(), "900TH/s");
    bench.steppedMs += hours * 3_600_000;
    bench.nowMs += 20_000;
    await bench.run();
    assert.equal(await bench.target(), "0TH/s");
    // Known again, it is not old because the clock was set.
    bench.answers = [first];
    await bench.run();
    bench.steppedMs = 0;
    await bench.run();
    assert.equal(await bench.target(), "900TH/s");
  });
}

for (const [policy, expected] of [["keep", "900TH/s"], ["release", "0TH/s"]] as const) {
  Deno.test(`AuctionKeeper with on_stale = "${policy}" leaves ${expected} when a node answers on with the same head`, async () => {
    await using bench = await KeeperBench.set(`on_stale = "${policy}"`);
    const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
    const head = WINDOW.firstBlock + 10;
    bench.answers = [first];
    await bench.run("start");
    Object.assign(bench.node, { headNumber: head, hash: first.snapshot.firstBlock.hash });
    bench.keeper.noticeHead(head);

    // 50 blocks are left of the window, and two windows is the limit.
    const limitMs = bench.nowMs + 50 * 12_000 + 1_440_000;
    for (; bench.nowMs < limitMs; bench.nowMs += 60_000) {
      await bench.run();
      assert.equal(await bench.target(), "900TH/s", "not yet");
    }
    assert.deepEqual(bench.log.events("error"), ["Callback failed"]);
    for (let minute = 0; minute < 3; minute++, bench.nowMs += 60_000) {
      await bench.run();
      assert.equal(await bench.target(), expected);
    }
    assert.deepEqual(bench.log.events("error").slice(1), [
      "Auction failed",
      "No window could be computed for too long",
      "Auction failed again",
    ]);
    assert.match(
      String(bench.log.fieldsOf("Auction failed")?.error),
      new RegExp(`no block beyond ${head} since 1970-01-01T00:16:40.000Z`),
    );
    assert.deepEqual(bench.hooks.filter(([name]) => name === "on_error").length, 2);

    bench.keeper.noticeHead(head + 1);
    await bench.run();
    assert.equal(await bench.target(), "900TH/s", "the chain moves on within the window");
    assert.ok(bench.log.events("info").includes("Routing follows the auction again"));
    assert.equal(bench.launches.length, 1);
  });
}

Deno.test("AuctionKeeper takes another chain's lower blocks for progress", async () => {
  await using bench = await KeeperBench.set(`on_stale = "release"`);
  const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
  const earlier = windowAt(WINDOW.firstBlock - 10_000, epochStart(NETUID, 360, WINDOW.firstBlock - 10_000));
  const other = await computed(earlier.firstBlock, "2;b;BTC,1=0.45:2");
  const chain = { ...other.outcome.chain, genesisHash: "0xother" };
  bench.answers = [first, { ...other, outcome: { ...other.outcome, chain } }];
  await bench.run("start");
  bench.nowMs += 3_000_000;
  await bench.run();
  assert.equal(await bench.target(), "900TH/s");
  assert.deepEqual(bench.log.events("error"), ["Callback failed", "Callback failed"]);
});

Deno.test("AuctionKeeper warns once while the host's clock is off from the chain's by more than 30 s", async () => {
  await using bench = await KeeperBench.set();
  const next = WINDOW.lastBlock + 1;
  bench.answers = [
    await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2", { headAgeSeconds: -40 }),
    await computed(next, "2;b;BTC,1=0.45:2", { headAgeSeconds: -41 }),
  ];
  await bench.run("start");
  await bench.run("window-begins");
  assert.equal(
    bench.log.events("warning").filter((event) => event === "Host clock and chain clock differ").length,
    1,
  );
});

Deno.test("AuctionKeeper.noticeHead() asks for one run when a window is close and one when it begins", async () => {
  await using bench = await KeeperBench.set();
  assert.equal(
    bench.keeper.noticeHead(WINDOW.firstBlock + 1),
    null,
    "before anything is known the tick decides",
  );
  bench.answers = [await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2")];
  await bench.run("start");
  const triggers = [5, 56, 57, 58, 59, 60, 61].map((blocks) =>
    bench.keeper.noticeHead(WINDOW.firstBlock + blocks)
  );
  const length = WINDOW.lastBlock - WINDOW.firstBlock + 1;
  assert.equal(length, 60);
  assert.deepEqual(triggers, [null, null, "window-close", null, null, "window-begins", null]);
});

Deno.test("AuctionKeeper reports runs, outcomes, routing and staleness", async () => {
  await using bench = await KeeperBench.set();
  bench.answers = [await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2"), new Error("endpoint is gone")];
  await bench.run("start");
  bench.nowMs += 2_000_000;
  await bench.run();
  const told = bench.events.filter(({ kind }) => kind !== "settings-read").map((event) =>
    event.kind === "run-ended"
      ? [event.kind, event.error?.message ?? "ok"]
      : event.kind === "routed"
      ? [event.kind, ...event.results.map(changeOf)]
      : event.kind === "staleness-checked"
      ? [event.kind, event.isStale, event.isWindowOver]
      : [event.kind]
  );
  assert.deepEqual(told, [
    ["run-started"],
    ["outcome-computed"],
    ["routed", true],
    ["run-ended", "ok"],
    ["staleness-checked", false, false],
    ["run-started"],
    ["run-ended", "endpoint is gone"],
    ["staleness-checked", true, true],
  ]);
});

Deno.test("AuctionKeeper reports that a window is over a minute after its last block was due", async () => {
  await using bench = await KeeperBench.set();
  bench.answers = [await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2"), gone(), gone(), gone()];
  await bench.run("start");
  bench.keeper.noticeHead(WINDOW.firstBlock + 50);
  const isOver = async (afterMs: number): Promise<boolean> => {
    bench.nowMs += afterMs;
    await bench.run();
    const checked = bench.events.findLast((event) => event.kind === "staleness-checked");
    return checked!.isWindowOver;
  };
  assert.equal(await isOver(120_000), false);
  assert.equal(await isOver(60_000), false);
  assert.equal(await isOver(1), true);
});

function gone(): Error {
  return new Error("endpoint is gone");
}

Deno.test("AuctionKeeper reports a proxy that it cannot route to", async () => {
  await using bench = await KeeperBench.set();
  bench.answers = [await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2")];
  await Deno.remove(join(bench.folder, "pools.toml"));
  await bench.run("start");
  const routed = bench.events.find((event) => event.kind === "routed");
  assert.equal(routed?.results.length, 1);
  const [result] = routed.results;
  assert.ok(result !== undefined && "error" in result);
  assert.equal(result.path, join(bench.folder, "pools.toml"));
  assert.match(result.error, /pools\.toml/);
});

Deno.test("AuctionKeeper calls the operator's programs once a window, after it was routed", async () => {
  await using bench = await KeeperBench.set();
  const first = await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2");
  bench.answers = [first];
  await bench.run("start");
  Object.assign(bench.node, { headNumber: WINDOW.firstBlock + 10, hash: first.snapshot.firstBlock.hash });
  await bench.run();
  assert.deepEqual(bench.hooks.map(([name]) => name), ["on_result", "on_won"]);
  const [, document] = bench.hooks[0]!;
  assert.deepEqual([document.status, document.wonCount, document.routing?.changed], ["done", 2, true]);
  assert.equal(document.error, undefined);
});

Deno.test("AuctionKeeper calls on_error, too, when the outcome could not be routed or computed", async () => {
  await using bench = await KeeperBench.set();
  await Deno.remove(join(bench.folder, "pools.toml"));
  bench.answers = [await computed(WINDOW.firstBlock, "2;b;BTC,1=0.45:2")];
  await bench.run("start");
  assert.deepEqual(bench.hooks.map(([name]) => name), ["on_result", "on_won", "on_error"]);
  const [, result] = bench.hooks[0]!;
  assert.equal(result.status, "failed");
  assert.match(result.error?.message ?? "", /there is no such file/);
  bench.answers = [new Error("no chain")];
  await bench.run("window-begins");
  assert.deepEqual(bench.hooks.at(-1), [
    "on_error",
    {
      job: "auction",
      status: "failed",
      dryRun: false,
      routing: undefined,
      error: { name: "Error", message: "no chain" },
    },
  ]);
});

/** Whether a proxy's file changed, or why it could not be routed to. */
function changeOf(result: RouteReport | FailedTarget): boolean | string {
  assert.notEqual(result.mode, "asic");
  if ("error" in result) return result.error;
  return result.mode === "asic" ? false : result.changed;
}
