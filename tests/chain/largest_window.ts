/**
 * `deno task bench:largest`: reads and computes a window with 4096 records of the largest kind from a simulated
 * chain, and prints how long that takes beside the limit of a job.
 *
 * @module
 */

import { readAuctionAnswer } from "../../src/agent/jobs/auction_result.ts";
import { solvePrepared } from "../../src/agent/jobs/compute_outcome.ts";
import { prepareAuction } from "../../src/auction/inputs/prepare.ts";
import { MAX_RECORDS } from "../../src/auction/inputs/snapshot.ts";
import { JOB_TIMEOUT_SECONDS } from "../../src/auction/protocol/constants.ts";
import { parseFp18 } from "../../src/auction/protocol/fp18.ts";
import { say } from "../../scripts/command_line.ts";
import { writePriceCommitment } from "../../scripts/scene/price_commitment.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { PRICES } from "../auction/inputs/make_snapshot.ts";
import { connect, hotkeys, NETUID } from "./fixtures.ts";

/** The longest field that a runtime stores. */
const BIG_RAW_BYTES = 512;
/** The neurons of a subnet. */
const NEURONS = 256;

/** A bid that fills the field as validators read it: two characters, and hexadecimal. */
function largestBid(seed: number): Uint8Array {
  const price = `0.${90 + seed % 10}`;
  let text = `2;b;BTC,${price}=`;
  for (let i = 0; 2 + 2 * (text.length + 8) <= BIG_RAW_BYTES; i++) {
    text += `${i === 0 ? "" : ","}0.${100 + 10 * i + seed % 10}:9`;
  }
  return new TextEncoder().encode(`0x${new TextEncoder().encode(text).toHex()}`);
}

await using simulator = await startSimulator({ startBlock: 7_499_985 });
const { chain } = simulator;
const all = hotkeys(MAX_RECORDS);
chain.setTempo(NETUID, 360);
chain.setMechanismEmissionSplit(NETUID, [33567, 31968]);
const prices = Object.entries<string>(PRICES).map(([key, text]) => [key, parseFp18(text)] as const);
for (const [uid, hotkey] of all.entries()) {
  const isValidator = uid === 0;
  if (uid < NEURONS) {
    chain.registerNeuron(NETUID, { hotkey, uid, stakeRao: isValidator ? 1_000_000_000_000n : 0n });
  }
  const bytes = isValidator ? writePriceCommitment(prices, []) : largestBid(uid);
  const data = `0x${bytes.toHex()}` as const;
  chain.setCommitment({ netuid: NETUID, hotkey, data: { fields: [{ kind: "BigRaw", data }] } });
}
say(`${all.length} records, the largest of ${largestBid(1).length} bytes`);

const startMs = performance.now();
const seconds = (): string => ((performance.now() - startMs) / 1000).toFixed(1);
await using connection = await connect(simulator.url, { requestTimeoutMs: 60_000 });
const head = await connection.bestHead();
const tempo = await connection.tempo(NETUID);
const snapshot = await connection.readSnapshot({
  netuid: NETUID,
  tempo,
  head,
  firstBlockNumber: head.number,
});
say(`Read after ${seconds()} s`);
const asked = { netuid: NETUID, hotkey: all[1]!, onAmbiguous: "deliver-safe", known: null } as const;
const solved = await solvePrepared(prepareAuction(snapshot), {
  ...asked,
  remainingMs: () => 1000 * JOB_TIMEOUT_SECONDS - (performance.now() - startMs),
});
say(`Solved after ${seconds()} s`);
const pay = { uid: null, incentive: null, emissionRao: null, revealPeriodEpochs: null, lastEpochBlock: null };
const result = readAuctionAnswer(
  {
    kind: "solved",
    snapshot,
    startBlock: head.number,
    solved,
    splitStorageKey: null,
    headAgeSeconds: 0,
    pay,
  },
  { ...asked, network: { endpoints: [simulator.url], expectedGenesisHash: undefined } },
);
if (result.kind !== "computed") throw new Error("The window is not computed");
const { outcome } = result;
const { bidders, workers } = outcome.commitments;
say(
  `Computed after ${seconds()} s: ${bidders} bidders, ${workers} workers, by ${
    outcome.solver?.engine ?? "nothing"
  }`,
);
Deno.exit(Number(seconds()) < JOB_TIMEOUT_SECONDS ? 0 : 1);
