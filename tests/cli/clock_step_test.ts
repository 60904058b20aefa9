import assert from "node:assert/strict";
import { freePort } from "../../scripts/scene/free_port.ts";
import type { Simulator } from "../../src/simulator/mod.ts";
import { Agent } from "../support/agent.ts";
import { beginNextWindow, setScene } from "../support/scene.ts";
import { FakeTime, FAKETIME_LIBRARY, hasFaketime } from "../support/fake_time.ts";
import { openTlsFront, type TlsFront } from "../support/tls_front.ts";

const TEN_HOURS = 36_000;
/** What the clock shows at the start, since 1970: 15 s before a full minute, and thus before the first tick. */
const UNSET_SECONDS = 3_645;
/** What the agent says about time, over HTTP. */
class Witness {
  readonly #port = freePort();
  readonly #startMs = Date.now();

  get configText(): string {
    return `[http]\nlisten = "127.0.0.1:${this.#port}"\n`;
  }

  // deno-lint-ignore no-explicit-any -- a JSON document
  async status(): Promise<any> {
    return await (await fetch(`http://127.0.0.1:${this.#port}/api/status`)).json();
  }

  /** The status says the truth about how long things are ago, and its times are by the clock that is set. */
  async assertRight(offsetSeconds: number): Promise<void> {
    const status = await this.status();
    const about = JSON.stringify(status);
    const trueMs = Date.now();
    const nowMs = Date.parse(status.now);
    assert.ok(Math.abs(nowMs - trueMs - offsetSeconds * 1000) < 3_000, about);
    const lifeSeconds = (trueMs - this.#startMs) / 1000;
    assert.ok(status.uptime_seconds > 0 && status.uptime_seconds < lifeSeconds, about);
    assert.ok(status.chain.head_age_seconds < lifeSeconds, about);
    assert.ok(status.commitment.age_seconds < 3_600, about);
    const times = [
      status.started_at,
      status.chain.head_seen_at,
      ...status.events.map(({ at }: { at: string }) => at),
      ...status.jobs.flatMap((job: { last_success_at: string | null }) => job.last_success_at ?? []),
    ];
    for (const time of times) {
      const ageSeconds = (nowMs - Date.parse(time)) / 1000;
      assert.ok(ageSeconds > -1 && ageSeconds < lifeSeconds + 1, `${time} in ${about}`);
    }
    assert.ok(status.ready, about);
    // Beside a block's age.
    assert.ok(Math.abs(status.chain.clock_ahead_seconds - offsetSeconds) < 20, about);
  }
}

Deno.test({
  name: "ih-miner CONFIG goes on from 1970 through steps of its clock by ten hours, ahead and back",
  ignore: !hasFaketime,
  fn: async () => {
    await using stage = await setScene();
    const { rig, simulator } = stage;
    await using front = await tlsFront(simulator, rig.folder);
    const witness = new Witness();
    const clock = new FakeTime(rig.folder);
    const config = await Deno.readTextFile(rig.configPath);
    const url = front === null ? simulator.url : `wss://${front.host}`;
    assert.ok(config.includes(simulator.url));
    await Deno.writeTextFile(rig.configPath, `${config.replace(simulator.url, url)}${witness.configText}`);

    await clock.set(UNSET_SECONDS - Math.floor(Date.now() / 1000));
    const trust: Record<string, string> = front === null ? {} : { DENO_CERT: front.certificatePath };
    await using agent = new Agent(rig.configPath, { ...clock.env, ...trust });
    if (front !== null) {
      const { error, timestamp } = await agent.seen("Auction failed");
      assert.match(timestamp, /^1970-01-01T01:/);
      assert.match(
        error,
        /its certificate is valid from .* on, but this host's clock shows about 1970-01-01 01:00/,
      );
      assert.match(error, /the clock is wrong; wait for time synchronisation/);
    }

    await clock.set(0);
    await until("it goes on by itself", async () => (await witness.status()).ready);
    for (const seconds of [0, TEN_HOURS, -TEN_HOURS]) {
      await clock.set(seconds);
      const { index, firstBlock } = beginNextWindow(simulator);
      await until("a window is routed", async () => {
        const { window } = await witness.status();
        return window?.first_block === firstBlock && window.routed_at !== null;
      });
      assert.equal((await witness.status()).window.index, index);
      await witness.assertRight(seconds);
    }

    assert.equal((await agent.stop()).code, 0);
  },
});

async function tlsFront({ url }: Simulator, folder: string): Promise<TlsFront | null> {
  try {
    // From yesterday, so that it is valid before and after a step of ten hours.
    return await openTlsFront(Number(new URL(url).port), folder, {
      LD_PRELOAD: FAKETIME_LIBRARY,
      FAKETIME: "-1d",
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    globalThis.console.log("skipped: certificates before the clock is set, there is no openssl");
    return null;
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!await isSo()) {
    assert.ok(performance.now() < deadline, `never: ${what}`);
    await sleep(500);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
