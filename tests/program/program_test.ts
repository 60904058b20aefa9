/** What the one-file program does once, for one job. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { VERSION } from "../../src/version.ts";
import { isWatchable, watch } from "./rights.ts";
import { forEachProgram, Stage } from "./stage.ts";

forEachProgram("the one-file program", (program) => {
  const { name } = program;
  Deno.test(`${name} --version names version, commit and date`, async () => {
    await using at = await Stage.open(program);
    const { code, out, err } = await at.run(["--version"]);
    assert.equal(code, 0, err);
    const build =
      /^ih-miner (\S+) \((commit [0-9a-f]{12}(-modified)? of \d{4}-\d\d-\d\d|built outside git)\)\n$/;
    assert.equal(build.exec(out)?.[1], VERSION, out);
  });

  Deno.test(`${name} alone publishes the bid, computes the auction and updates the proxy's file`, async () => {
    await using at = await Stage.open(program);
    const published = await at.run([at.rig.configPath, "--once", "commitment"]);
    assert.equal(published.code, 0, published.err);
    assert.equal(JSON.parse(published.out).action, "published");
    at.nextWindow();
    const auction = await at.run([at.rig.configPath, "--once", "auction"]);
    assert.equal(auction.code, 0, auction.err);
    const { won_hashrate_ph, routing } = JSON.parse(auction.out);
    assert.ok(won_hashrate_ph > 0);
    assert.equal(routing.reload, "touched");
    const pools = await Deno.readTextFile(at.rig.poolsPath);
    assert.ok(pools.includes(`target_hashrate = "${won_hashrate_ph * 1000}TH/s"`), pools);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(at.empty)), []);
  });

  Deno.test(`${name} computes a saved auction again, advises on prices, and checks a host`, async () => {
    await using at = await Stage.open(program);
    const saved = join(at.rig.folder, "auction.json");
    const auction = await at.run([at.rig.configPath, "--once", "auction", "--save-snapshot", saved]);
    assert.equal(auction.code, 0, auction.err);
    const replay = await at.run(["replay", saved]);
    assert.equal(replay.code, 0, replay.err);
    assert.deepEqual(JSON.parse(replay.out).winners, JSON.parse(auction.out).winners);
    const advice = await at.run(["advise", at.rig.configPath, "--from", saved, "--json"]);
    assert.equal(advice.code, 0, advice.err);
    assert.equal(JSON.parse(advice.out).lines.length, 31);
    const chainAdvice = await at.run(["advise", at.rig.configPath]);
    assert.equal(chainAdvice.code, 0, chainAdvice.err);
    assert.match(chainAdvice.out, /← best/);
    const check = await at.run(["check", at.rig.configPath]);
    assert.equal(check.code, 0, check.out);
    assert.match(check.out, /^ok +registration/m);
  });

  Deno.test(`${name} reaches this machine directly despite any HTTP proxy`, async () => {
    await using at = await Stage.open(program);
    const nowhere = "http://127.0.0.1:9";
    const env = { HTTP_PROXY: nowhere, http_proxy: nowhere, ALL_PROXY: nowhere };
    const { code, err } = await at.run([at.rig.configPath, "--once", "auction", "--dry-run"], { env });
    assert.equal(code, 0, err);
  });

  Deno.test(`${name} ends with 2 where the configuration is missing`, async () => {
    await using at = await Stage.open(program);
    const { code, out } = await at.run(["--once", "auction"]);
    assert.equal(code, 2);
    assert.match(JSON.parse(out).error.message, /config\.toml/);
  });

  Deno.test({
    name: `${name} touches for a job what is configured, and nothing else`,
    ignore: !isWatchable(program),
    fn: async () => {
      await using at = await Stage.open(program);
      const { options, check } = watch(at);
      for (const job of ["commitment", "auction"]) {
        const { code, err } = await at.run([at.rig.configPath, "--once", job], options);
        assert.equal(code, 0, err);
        await check();
      }
    },
  });
});
