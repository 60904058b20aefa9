import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import type { Fleet } from "../../src/asic/fleet.ts";
import type { FleetConfig } from "../../src/asic/fleet_config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { DeliveryKeeper } from "../../src/daemon/delivery_keeper.ts";
import type { DaemonEvent } from "../../src/daemon/events.ts";
import type { DeliveryReport } from "../../src/delivery/delivery_watch.ts";
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
  readonly keeper: DeliveryKeeper;

  constructor() {
    const read = (config: FleetConfig): Promise<unknown> => {
      this.asked.push(config);
      return Promise.resolve({ deliveredPh: this.deliveredPh, miners: 1, silent: 0 });
    };
    this.keeper = new DeliveryKeeper({
      fleet: { read } as unknown as Fleet,
      log: this.log,
      nowMs: Date.now,
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

  compute(firstBlock: number, wonHashratePh: number): void {
    const outcome = { window: { firstBlock, index: 1 }, own: { wonHashratePh } };
    this.keeper.notice({ kind: "outcome-computed", computed: { outcome } } as unknown as DaemonEvent);
  }
}

Deno.test("DeliveryKeeper holds what the ASICs deliver against what each window won", async () => {
  const clock = FakeTimers.install({
    now: 1_000_000,
    toFake: ["setTimeout", "clearTimeout", "Date", "performance"],
  });
  try {
    const bench = new Bench();
    await bench.configure();
    bench.compute(100, 0.2);
    await clock.tickAsync(240_000);
    assert.deepEqual([bench.reports.at(-1)?.level, bench.reports.at(-1)?.ratio], ["ok", 1]);
    bench.compute(160, 0.25);
    const closing = bench.reports.find(({ isFinal }) => isFinal);
    assert.deepEqual([closing?.firstBlock, closing?.level], [100, "ok"]);
    await clock.tickAsync(240_000);
    assert.deepEqual([bench.reports.at(-1)?.level, bench.reports.at(-1)?.ratio], ["alert", 0.8]);

    // Other pools are another thing to ask for, and another hotkey has not won this window.
    await bench.configure(CONFIG.replace("fallback_pool = 0", "fallback_pool = 2"));
    await clock.tickAsync(20_000);
    assert.equal(bench.asked.at(-1)?.miners[0]?.fallbackPool, 2);
    await bench.configure(CONFIG, "another");
    const told = bench.reports.length;
    await clock.tickAsync(240_000);
    assert.equal(bench.reports.length, told);
    await bench.keeper.stop();
  } finally {
    clock.uninstall();
  }
});
