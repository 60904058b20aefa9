/** A window over a line as it is at a remote site. */

import assert from "node:assert/strict";
import { setUpCompetitors } from "../../scripts/scene/market.ts";
import { SlowLine } from "../support/slow_line.ts";
import { forEachProgram, Stage } from "./stage.ts";

/** With the demo's market, as many hotkeys as a full subnet has. */
const COMPETITORS = 226;
const LIMIT_MS = 60_000;

forEachProgram("a window over a slow line", (program) => {
  Deno.test(`${program.name} processes a window at 16 kB/s and 800 ms round trips within a minute`, async () => {
    await using at = await Stage.open(program, { hasBid: true });
    const { chain, url } = at.simulator;
    setUpCompetitors(chain, COMPETITORS, chain.head.number);
    at.nextWindow();
    await using line = new SlowLine(Number(new URL(url).port));
    const config = await Deno.readTextFile(at.rig.configPath);
    await Deno.writeTextFile(at.rig.configPath, config.replace(url, line.url));
    const run = () => at.run([at.rig.configPath, "--once", "auction"]);

    const warm = await run();
    assert.equal(warm.code, 0, warm.err);
    at.nextWindow();
    line.quality = { bytesPerSecond: 16_000, delayMs: 400 };
    line.receivedBytes = 0;
    const startMs = performance.now();
    const slow = await run();
    const tookMs = performance.now() - startMs;
    assert.equal(slow.code, 0, slow.err);
    assert.ok(tookMs < LIMIT_MS, `${Math.round(tookMs / 1000)} s`);
    // Otherwise the line was not what took the time.
    assert.ok(tookMs > line.receivedBytes / 16, `${line.receivedBytes} bytes in ${tookMs} ms`);
    assert.ok(JSON.parse(slow.out).commitments.bidders > 240, slow.out);
    assert.match(slow.err, /"event":"Line to the chain is slow, or its node"[^\n]*"received_kb":\d+/);
  });
});
