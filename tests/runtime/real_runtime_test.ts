/** Both jobs against the real runtime, each step held against a client of its own. `deno task test:runtime` runs it. */

import assert from "node:assert/strict";
import { Keyring } from "@polkadot/keyring";
import { NETUID } from "../../scripts/scene/market.ts";
import { writePriceCommitment } from "../../scripts/scene/price_commitment.ts";
import { type Rig, runAgent, setUpRig } from "../../scripts/scene/rig.ts";
import { parseFp18 } from "../../src/auction/protocol/fp18.ts";
import { missing, newChainUrl, RealChain } from "./real_chain.ts";

const BID = "2;b;BTC,1.02=0.25:3,0.45:2";
const STAKE_RAO = 5e15;

/** Where an epoch of subnet 89 at tempo 100 begins. */
const EPOCH_START = 10;

Deno.test({
  name: `the real runtime takes our bid, and shows it in an auction${
    missing === null ? "" : ` (skipped: ${missing})`
  }`,
  ignore: missing !== null,
  // The client's library keeps timers.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (t) => {
    const url = newChainUrl();
    await using rigs = new AsyncDisposableStack();
    const [rig, stranger] = await Promise.all([newRig(rigs, url), newRig(rigs, url)]);
    const validator = new Keyring({ type: "sr25519" }).addFromUri("//Alice");
    await using chain = await RealChain.start(url, [validator.address, rig.hotkey]);

    await t.step("the bid is published, and an independent client reads it back", async () => {
      const before = await chain.headNumber();
      const { exitCode, document, log } = await chain.buildDuring(runAgent(rig, ["--once", "commitment"]));
      assert.equal(exitCode, 0, log);
      assert.equal(document.action, "published");
      const { bytes, block } = (await chain.commitmentOf(rig.hotkey))!;
      assert.equal(new TextDecoder().decode(bytes), BID);
      assert.equal(document.submitted.block_number, block);
      assert.ok(block > before);
      assert.equal(document.submitted.block_hash, (await chain.api.rpc.chain.getBlockHash(block)).toHex());
    });

    await t.step("a second run finds it there, and publishes nothing", async () => {
      const { exitCode, document, log } = await runAgent(rig, ["--once", "commitment"]);
      assert.equal(exitCode, 0, log);
      assert.equal(document.action, "up-to-date");
      assert.equal(document.current_text, BID);
    });

    await t.step(
      "a hotkey that is not registered is refused by the runtime's name of the error",
      async () => {
        const { exitCode, document, log } = await chain.buildDuring(
          runAgent(stranger, ["--once", "commitment"]),
        );
        assert.equal(exitCode, 1, log);
        assert.match(`${document.error.message}`, /AccountNotAllowedCommit/);
        assert.equal(await chain.commitmentOf(stranger.hotkey), null);
      },
    );

    await t.step(
      "the auction of the next window sees our bid, and has no winners without prices",
      async () => {
        // This chain's tempo is 100: windows begin anew at its next epoch, which no window here may cross.
        while (await chain.headNumber() <= EPOCH_START) await chain.build();
        const { document: before } = await runAgent(rig, ["--once", "auction"]);
        const firstBlock = before.window.last_block + 1;
        await chain.build(firstBlock - await chain.headNumber());
        const { exitCode, document, log } = await runAgent(rig, ["--once", "auction"]);
        assert.equal(exitCode, 0, log);
        assert.equal(document.chain.spec_version, 218);
        assert.equal(document.window.first_block, firstBlock);
        assert.equal(
          document.window.first_block_hash,
          (await chain.api.rpc.chain.getBlockHash(firstBlock)).toHex(),
        );
        assert.equal(document.registered, true);
        assert.deepEqual(document.commitments, { records: 1, bidders: 1, workers: 5, dropped: {} });
        assert.equal(document.no_winners, "prices-missing");
        assert.equal(document.lost_count, 5);
        assert.equal(document.won_count, 0);
      },
    );

    await t.step(
      "a validator's stake and prices count, and the missing auction of this runtime is named",
      async () => {
        await chain.stake(validator.address, STAKE_RAO);
        await chain.commit(
          validator,
          writePriceCommitment([
            ["ALPHA_TAO", parseFp18("0.0119")],
            ["HASHP_USDC", parseFp18("49.9")],
            ["TAO_USDC", parseFp18("352.18")],
          ], []),
        );
        const { document: before } = await runAgent(rig, ["--once", "auction"]);
        await chain.build(before.window.last_block + 1 - await chain.headNumber());
        const pools = await Deno.readTextFile(rig.poolsPath);
        const { exitCode, document, log } = await runAgent(rig, ["--once", "auction"]);
        assert.equal(exitCode, 1, log);
        assert.match(
          document.error.message,
          new RegExp(`Subnet ${NETUID} has no auction on this chain: its MechanismEmissionSplit is absent`),
        );
        assert.equal(await Deno.readTextFile(rig.poolsPath), pools);
      },
    );
  },
});

async function newRig(rigs: AsyncDisposableStack, url: string): Promise<Rig> {
  const rig = await setUpRig({ chainUrl: url });
  rigs.defer(() => Deno.remove(rig.folder, { recursive: true }));
  return rig;
}
