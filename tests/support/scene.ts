import { epochStart, type ValidationWindow, windowAt } from "../../src/auction/protocol/windows.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { NETUID, publishPrices, setUpMarket, TEMPO } from "../../scripts/scene/market.ts";
import { type Rig, setUpRig } from "../../scripts/scene/rig.ts";

const START_BLOCK = 7_500_000;

/** A market on a simulator, and a registered rig with its folder. */
export interface Scene extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly rig: Rig;
}

/** Sets a scene some blocks into a window, with a budget that lets the rig win a part of what it bids. */
export async function setScene(): Promise<Scene> {
  const { firstBlock } = windowAt(START_BLOCK, epochStart(NETUID, TEMPO, START_BLOCK));
  const simulator = await startSimulator({ startBlock: firstBlock + 5, timestamps: "clock" });
  setUpMarket(simulator.chain, firstBlock - 20);
  publishPrices(simulator.chain, "0.5", firstBlock - 3);
  const rig = await setUpRig({ chainUrl: simulator.url });
  simulator.chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
  return {
    simulator,
    rig,
    [Symbol.asyncDispose]: async () => {
      await simulator.close();
      await Deno.remove(rig.folder, { recursive: true });
    },
  };
}

/** Moves the head into the next window. */
export function beginNextWindow({ chain }: Simulator): ValidationWindow {
  const { lastBlock } = windowAt(chain.head.number, epochStart(NETUID, TEMPO, chain.head.number));
  chain.setHead(lastBlock + 4);
  return windowAt(lastBlock + 4, epochStart(NETUID, TEMPO, lastBlock + 4));
}
