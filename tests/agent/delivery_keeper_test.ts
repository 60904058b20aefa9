import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import type { Fleet } from "../../src/delivery/asics/fleet.ts";
import type { FleetConfig } from "../../src/delivery/asics/fleet_config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { DeliveryKeeper } from "../../src/agent/delivery_keeper.ts";
import type { DaemonEvent } from "../../src/agent/events.ts";
import type { DeliveryReport } from "../../src/delivery/measured/delivery_report.ts";
import { WorkersApi } from "../../scripts/scene/workers_api.ts";
import { LogRecorder } from "../support/log_recorder.ts";

const CONFIG = `[bittensor]
network = "local"
netuid = 89
[wallet]
name = "a"
hotkey_name = "b"
directory = "/w"
[asic]
subnet_pool = 1
fallback_pool = 0
[[asic.miners]]
address = "192.168.1.21"
hashrate = "0.2"
`;

/** A keeper whose ASICs deliver what the test says, and what it told. */
class Bench {
  readonly log = new LogRecorder();
  readonly reports: DeliveryReport[] = [];
  readonly asked: FleetConfig[] = [];
  deliveredPh = 0.2;
  /** Machines that give a figure, and that give none. */
  answers = { miners: 1, silent: 0 };
  readonly keeper: DeliveryKeeper;

  constructor() {
    const read = (config: FleetConfig): Promise<unknown> => {
      this.asked.push(config);
      return Promise.resolve({ deliveredPh: this.deliveredPh, ...this.answers });
    };
    this.keeper = new DeliveryKeeper({
      fleet: { read } as unknown as Fleet,
      log: this.log,
      nowMs: Date.now,
      monotonicMs: Date.now,
      observe: (event) => {
        assert.ok(event.kind === "delivery-measured");
        this.reports.push(event.report);
      },
    });
  }

  async configure(text = CONFIG, hotkey = "me"): Promise<void> {
    const files = { readTextFile: () => Promise.resolve(text), exists: () => false };
    const config = await loadConfig("/c.toml", { HOME: "/" }, files);
    this.keeper.notice({ kind: "settings-read", settings: { config, hotkey } });
  }

  compute(
    firstBlock: number,
    wonHashratePh: number,
    { startMs = Date.now(), headAgeSeconds = 3, routedHashratePh = wonHashratePh } = {},
  ): void {
    const outcome = {
      window: {
        firstBlock,
        lastBlock: firstBlock + 59,
        index: 1,
        firstBlockTime: new Date(startMs).toISOString(),
        lastBlockTime: new Date(startMs + 708_000).toISOString(),
      },
      own: { hotkey: "me", wonHashratePh, routedHashratePh },
      winners: [
        { hotkey: "other", hashratePh: "0.45", price: "1", count: 3 },
        { hotkey: "me", hashratePh: String(wonHashratePh / 2), price: "1.05", count: 2 },
      ],
    };
    const computed = { outcome, headAgeSeconds };
    this.keeper.notice({ kind: "outcome-computed", computed } as unknown as DaemonEvent);
  }

  checkStaleness(
    { isStale = false, isWindowOver = false, policy = "release" }: Partial<
      Extract<DaemonEvent, { kind: "staleness-checked" }>
    >,
  ): void {
    this.keeper.notice({ kind: "staleness-checked", isStale, isWindowOver, policy });
  }
}

/** With a clock that the test moves. */
async function withClock(
  run: (clock: ReturnType<typeof FakeTimers.install>) => Promise<void>,
): Promise<void> {
  const clock = FakeTimers.install({
    now: 1_000_000,
    toFake: ["setTimeout", "clearTimeout", "Date", "performance"],
  });
  try {
    await run(clock);
  } finally {
    clock.uninstall();
  }
}

Deno.test("DeliveryKeeper compares what the ASICs deliver with what each window won", async () => {
  await withClock(async (clock) => {
    const bench = new Bench();
    await bench.configure();
    bench.compute(100, 0.2);
    await clock.tickAsync(240_000);
    assert.deepEqual([bench.reports.at(-1)?.level, bench.reports.at(-1)?.ratio], ["ok", 1]);
    bench.compute(160, 0.25);
    const closing = bench.reports.find(({ isFinal }) => isFinal);
    assert.deepEqual([closing?.firstBlock, closing?.level], [100, "ok"]);
    await clock.tickAsync(240_000);
    assert.deepEqual([bench.reports.at(-1)?.level, bench.reports.at(-1)?.ratio], ["warning", 0.8]);

    // It goes on with other settings of the machines, which are asked by them; another hotkey has not won this window.
    const { measuredSeconds } = bench.reports.at(-1)!;
    await bench.configure(CONFIG.replace("fallback_pool = 0", "fallback_pool = 2"));
    await clock.tickAsync(20_000);
    assert.equal(bench.asked.at(-1)?.miners[0]?.fallbackPool, 2);
    assert.equal(bench.reports.at(-1)?.measuredSeconds, measuredSeconds + 20);
    await bench.configure(CONFIG, "another");
    const told = bench.reports.length;
    await clock.tickAsync(240_000);
    assert.equal(bench.reports.length, told);
    await bench.keeper.stop();
  });
});

Deno.test("DeliveryKeeper measures nothing once the agent has released the hashrate itself", async () => {
  await withClock(async (clock) => {
    const bench = new Bench();
    await bench.configure();
    bench.compute(100, 0.2);
    await clock.tickAsync(240_000);
    bench.checkStaleness({ policy: "keep", isStale: true });
    assert.ok(!bench.reports.at(-1)!.isFinal, "what is kept is delivered on");
    bench.checkStaleness({ isStale: true });
    bench.deliveredPh = 0;
    const { isFinal, level, ratio } = bench.reports.at(-1)!;
    assert.deepEqual([isFinal, level, ratio], [true, "ok", 1]);
    const [told, asked] = [bench.reports.length, bench.asked.length];
    await clock.tickAsync(1_800_000);
    bench.checkStaleness({ isStale: true });
    assert.deepEqual([bench.reports.length, bench.asked.length], [told, asked]);

    // The chain is back, in the same window, then in the next one.
    bench.deliveredPh = 0.2;
    bench.checkStaleness({});
    await clock.tickAsync(100_000);
    const { level: back, ratio: backRatio, measuredSeconds } = bench.reports.at(-1)!;
    assert.deepEqual([back, backRatio, measuredSeconds], ["unknown", 1, 100]);
    bench.checkStaleness({ isStale: true });
    bench.compute(160, 0.2);
    await clock.tickAsync(240_000);
    assert.deepEqual([bench.reports.at(-1)?.firstBlock, bench.reports.at(-1)?.level], [160, "ok"]);
    await bench.keeper.stop();
  });
});

Deno.test("DeliveryKeeper ends a window's average when it is over and the next is not known", async () => {
  await withClock(async (clock) => {
    const bench = new Bench();
    await bench.configure();
    bench.compute(100, 0.2);
    await clock.tickAsync(720_000);
    bench.checkStaleness({ isWindowOver: true, policy: "keep" });
    const { isFinal, measuredSeconds } = bench.reports.at(-1)!;
    assert.deepEqual([isFinal, measuredSeconds], [true, 720]);
    const told = bench.reports.length;
    await clock.tickAsync(600_000);
    assert.equal(bench.reports.length, told);
    await bench.keeper.stop();
  });
});

Deno.test("DeliveryKeeper compares the ASICs with their share if nothing measures the proxies", async () => {
  await withClock(async (clock) => {
    const bench = new Bench();
    const shared = CONFIG.replace("[asic]", "[asic]\nshare = 0.4").replace(
      "[wallet]",
      '[routing]\nmode = "ihp"\npools_path = "/pools.toml"\n[wallet]',
    );
    const metric = '[[delivery.sources]]\nurl = "http://127.0.0.1:9/"\nmetric = "rate"\n';
    await bench.configure(shared);
    bench.compute(100, 0.5);
    await clock.tickAsync(240_000);
    const { level, ratio, wonHashratePh } = bench.reports.at(-1)!;
    assert.deepEqual([level, ratio, wonHashratePh], ["ok", 1, 0.2]);

    await bench.configure(shared.replace("share = 0.4", "share = 0.8"));
    assert.deepEqual([bench.reports.at(-1)?.level, bench.reports.at(-1)?.ratio], ["warning", 0.5]);
    await bench.configure(`${shared}${metric}`);
    assert.equal(bench.reports.at(-1)?.wonHashratePh, 0.5, "the proxies are measured, too");
    await bench.configure(CONFIG.replace("[asic]", "[asic]\nshare = 0.4"));
    assert.equal(bench.reports.at(-1)?.wonHashratePh, 0.5, "nobody else is there to deliver the rest");
    await bench.keeper.stop();
  });
});

Deno.test("DeliveryKeeper treats ASICs that are all silent as unreadable, and a single silent one as 0", async () => {
  await withClock(async (clock) => {
    const bench = new Bench();
    await bench.configure();
    bench.compute(100, 0.4);
    bench.answers = { miners: 1, silent: 1 };
    await clock.tickAsync(20_000);
    assert.deepEqual([bench.reports.at(-1)?.nowPh, bench.reports.at(-1)?.unreadableSinceMs], [0.2, null]);
    bench.answers = { miners: 0, silent: 2 };
    bench.deliveredPh = 0;
    await clock.tickAsync(20_000);
    const { nowPh, unreadableSinceMs, errors } = bench.reports.at(-1)!;
    assert.deepEqual([nowPh, unreadableSinceMs], [null, Date.now()]);
    assert.match(errors[0]!, /^Cannot read the ASICs: none of the 2 that .*; check /);
    bench.answers = { miners: 0, silent: 0 };
    await clock.tickAsync(20_000);
    assert.deepEqual([bench.reports.at(-1)?.nowPh, bench.reports.at(-1)?.unreadableSinceMs], [0, null]);
    await bench.keeper.stop();
  });
});

Deno.test("DeliveryKeeper reads what its hotkey is credited with, and judges it against each won worker", async () => {
  await using api = new WorkersApi();
  api.deliver("sn89auction.me.a", 0.3, 0);
  api.deliver("sn89auction.me.b", 0.04, 0);
  api.deliver("sn89auction.other.a", 5, 0);
  const clock = FakeTimers.install({ now: Date.now(), toFake: ["setTimeout", "clearTimeout", "Date"] });
  try {
    const bench = new Bench();
    await bench.configure(`${CONFIG.split("[asic]")[0]}[[delivery.sources]]\nworkers_api = "${api.url}"\n`);
    bench.compute(100, 0.4, { startMs: Date.now() - 240_000 });
    await clock.tickAsync(20_000);
    for (let i = 0; i < 1000 && bench.reports.at(-1)?.credit === null; i++) await clock.tickAsync(0);
    const { level, ratio, credit } = bench.reports.at(-1)!;
    assert.deepEqual([level, ratio?.toFixed(6)], ["warning", "0.850000"]);
    assert.deepEqual(credit?.workers, [{ worker: "a", hashratePh: 0.3 }, { worker: "b", hashratePh: 0.04 }]);
    assert.deepEqual(credit?.won.map(({ hashratePh, price }) => [hashratePh, price]), [[0.2, "1.05"], [
      0.2,
      "1.05",
    ]]);
    await bench.keeper.stop();
  } finally {
    clock.uninstall();
  }
});

Deno.test("DeliveryKeeper knows no credit while the chain's time and the host's differ", async () => {
  await withClock(async (clock) => {
    const bench = new Bench();
    await bench.configure(`${CONFIG}[[delivery.sources]]\nworkers_api = "http://127.0.0.1:9"\n`);
    bench.compute(100, 0.2, { headAgeSeconds: -61 });
    await clock.tickAsync(20_000);
    const [error = ""] = bench.reports.at(-1)!.errors;
    assert.match(
      error,
      /^Cannot tell what is credited: the chain's time differs from this host's by 61 s; check/,
    );
    await bench.keeper.stop();
  });
});

Deno.test("DeliveryKeeper compares with what is routed where it is not known what was won", async () => {
  await withClock(async (clock) => {
    const bench = new Bench();
    await bench.configure();
    bench.compute(100, 0, { routedHashratePh: 0.2 });
    await clock.tickAsync(240_000);
    const { level, ratio, wonHashratePh, surplusPh } = bench.reports.at(-1)!;
    assert.deepEqual([level, ratio, wonHashratePh, surplusPh], ["ok", 1, 0.2, 0]);
    await bench.keeper.stop();
  });
});
