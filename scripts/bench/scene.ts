/**
 * What a build is measured against: a chain with so many records, a relay that counts, and a miner's folder.
 *
 * @module
 */

import { join } from "node:path";
import { encodeAddress } from "@polkadot/util-crypto";
import { type Runtime, type SimulatedChain, startSimulator } from "../../src/simulator/mod.ts";
import { competitorBid, NETUID, setUpValidators, START_BLOCK, windowOf } from "../scene/market.ts";
import { type Rig, setUpRig } from "../scene/rig.ts";
import { RecordingRelay } from "./recording_relay.ts";

/** The most UIDs of a subnet. Records beyond them are of hotkeys that were registered once. */
const MAX_UIDS = 256;
/** What the miner's configuration asks for, and what is on the chain: nothing has to be published. */
const OWN_WORKERS = `price_multiplier = "0.9"
worker_sizes = { "0.25" = 3, "0.45" = 2 }
`;
const OWN_BID = "2;b;BTC,0.9=0.25:3,0.45:2";

/** A chain, a relay and a folder. */
export interface BenchScene extends AsyncDisposable {
  readonly relay: RecordingRelay;
  readonly rig: Rig;
  /** Puts the proxy's file back, and removes what the program keeps from run to run. */
  forget(): Promise<void>;
  /** Puts the proxy's file back only. */
  restorePools(): Promise<void>;
}

/**
 * Sets the scene.
 *
 * @param records how many commitments the subnet has: three of validators, one of our hotkey, the rest of competitors.
 */
export async function setBenchScene(records: number, runtime: Runtime): Promise<BenchScene> {
  const simulator = await startSimulator({ startBlock: START_BLOCK, timestamps: "clock", runtime });
  const relay = new RecordingRelay(simulator.url);
  const rig = await setUpRig({ chainUrl: relay.url, workers: OWN_WORKERS });
  fill(simulator.chain, records, rig.hotkey);
  const pools = await Deno.readTextFile(rig.poolsPath);
  const restorePools = (): Promise<void> => Deno.writeTextFile(rig.poolsPath, pools);
  return {
    relay,
    rig,
    restorePools,
    forget: async () => {
      await restorePools();
      for (const name of ["state", "cache"]) {
        await Deno.remove(join(rig.folder, name), { recursive: true }).catch(ignoreAbsence);
      }
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await relay[Symbol.asyncDispose]();
      await simulator.close();
      await Deno.remove(rig.folder, { recursive: true });
    },
  };
}

function fill(chain: SimulatedChain, records: number, ownHotkey: string): void {
  const block = windowOf(START_BLOCK).firstBlock - 60;
  const validators = setUpValidators(chain, block);
  const competitors = Array.from({ length: records - validators - 1 }, (_, index) => syntheticAddress(index));
  const uids = MAX_UIDS - validators - 1;
  for (const hotkey of [ownHotkey, ...competitors.slice(0, uids)]) chain.registerNeuron(NETUID, { hotkey });
  chain.setCommitment({ netuid: NETUID, hotkey: ownHotkey, data: OWN_BID, block });
  competitors.forEach((hotkey, index) =>
    chain.setCommitment({ netuid: NETUID, hotkey, data: competitorBid(index), block })
  );
  chain.advance(1);
}

/** Nobody has to sign for these, and real keys take a while to derive. */
function syntheticAddress(index: number): string {
  const publicKey = new Uint8Array(32).fill(0xb5);
  new DataView(publicKey.buffer).setUint32(0, index);
  return encodeAddress(publicKey, 42);
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
