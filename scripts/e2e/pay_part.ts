/**
 * Runs the agent over whole validation epochs of a chain that pays. First the stand-in validators credit all that was won:
 * expected and paid shares must agree. Then its hashrate is credited to nobody, and it must say so after six epochs.
 *
 * @module
 */

import { SHORT_EPOCHS } from "../../src/auction/credit/pay_comparison.ts";
import {
  VALIDATION_EPOCH_BLOCKS,
  WINDOW_BLOCKS,
  WINDOWS_PER_EPOCH,
} from "../../src/auction/protocol/constants.ts";
import { type SimulatedChain, startSimulator } from "../../src/simulator/mod.ts";
import { say, sayTitle } from "../command_line.ts";
import { NETUID, publishPrices, renewBids, setUpMarket, START_BLOCK, windowOf } from "../scene/market.ts";
import { setUpRig } from "../scene/rig.ts";
import { StandInValidators } from "../scene/validators.ts";
import { agentEnvironment, type LineProcess, startProcess, waitFor } from "./processes.ts";

/** No other miner has workers of this size, so that the outcome is one and the same for everybody. */
const BID = "2;b;BTC,0.9=0.41:2";
const WORKERS = 'price_multiplier = "0.9"\nworker_sizes = { "0.41" = 2 }\n';
const CAP_FACTORS = ["0.5", "0.35", "0.62"];
/** Epochs that are paid with credit. */
const GOOD_EPOCHS = 3;
/** From the first window of a validation epoch to its pay. */
const EPOCHS_TO_PAY = 2;
/** How far apart expected and paid shares may be. */
const TOLERANCE = 0.01;
const PATIENCE_MS = 30_000;

/** Plays epochs with credit, then epochs without. */
export async function playPay(program: string): Promise<void> {
  sayTitle("what the chain pays");
  const { index, firstBlock: someBlock } = windowOf(START_BLOCK);
  const firstBlock = someBlock - index * WINDOW_BLOCKS;
  await using simulator = await startSimulator({ startBlock: firstBlock - 30, timestamps: "clock" });
  const { chain } = simulator;
  setUpMarket(chain, firstBlock - 40);
  const rig = await setUpRig({ chainUrl: simulator.url, workers: WORKERS });
  const { hotkey } = rig;
  chain.registerNeuron(NETUID, { hotkey });
  renew(chain, hotkey);
  try {
    await using validators = await StandInValidators.open(simulator);
    await using agent = startProcess(program, [rig.configPath], agentEnvironment(rig));
    for (let epoch = 0; epoch < GOOD_EPOCHS + EPOCHS_TO_PAY + SHORT_EPOCHS + 1; epoch++) {
      if (epoch === GOOD_EPOCHS + EPOCHS_TO_PAY) validators.credit(hotkey, 0);
      for (let window = 0; window < WINDOWS_PER_EPOCH; window++) {
        const windowBlock = firstBlock + epoch * VALIDATION_EPOCH_BLOCKS + window * WINDOW_BLOCKS;
        chain.setHead(windowBlock - 1);
        renew(chain, hotkey);
        publishPrices(chain, CAP_FACTORS[window % CAP_FACTORS.length]!, windowBlock - 1);
        chain.advance();
        await waitForAuction(agent, windowBlock);
        if (window === 0) await validators.settle();
      }
    }
    requireAgreement(agent);
    requireShortfall(agent);
  } finally {
    await Deno.remove(rig.folder, { recursive: true });
  }
}

function renew(chain: SimulatedChain, hotkey: string): void {
  renewBids(chain, 0, chain.head.number);
  chain.setCommitment({ netuid: NETUID, hotkey, data: BID });
}

async function waitForAuction({ lines }: LineProcess, firstBlock: number): Promise<void> {
  await waitFor(
    `the auction of the window from block ${firstBlock}`,
    () => lines.some((line) => line.event === "Auction results computed" && line.first_block === firstBlock),
    PATIENCE_MS,
  );
}

function requireAgreement({ lines }: LineProcess): void {
  const judged = lines.filter(({ event, verdict }) => event === "Epoch paid" && verdict !== "unknown");
  const good = judged.slice(0, GOOD_EPOCHS);
  for (const { paid_at_block, expected_share, paid_share, paid_alpha, verdict } of good) {
    say(
      `epoch that ended with block ${paid_at_block}: expected ${expected_share}, paid ${paid_share}, ${paid_alpha} alpha`,
    );
    const difference = Math.abs(Number(paid_share) / Number(expected_share) - 1);
    if (!(difference < TOLERANCE) || verdict !== "as-expected") {
      throw new Error(`expected and paid shares differ by ${difference * 100} % (${verdict})`);
    }
  }
  if (good.length < GOOD_EPOCHS) throw new Error(`only ${good.length} epochs were compared`);
}

function requireShortfall({ lines }: LineProcess): void {
  const warnings = lines.filter(({ event }) => event === "The chain pays less than our results promise");
  const [warning] = warnings;
  if (warning === undefined) throw new Error(`no warning after ${SHORT_EPOCHS} epochs without credit`);
  if (warnings.length > 1 || warning.epochs !== SHORT_EPOCHS || !String(warning.hint).includes("worker id")) {
    throw new Error(`a wrong warning: ${JSON.stringify(warnings)}`);
  }
  say(`without credit: ${warning.hint}`);
}
