/**
 * Stand-in validators: they settle each validation epoch of a simulated chain and commit its weights, so that the chain pays
 * (spec, section 10). They read the chain as the agent does, and share its auction but none of its service.
 *
 * @module
 */

import { Keyring } from "@polkadot/keyring";
import { type CreditedRun, settleWindow } from "../../src/auction/credit/settlement.ts";
import { validationEpochAt } from "../../src/auction/credit/weights_origin.ts";
import type { PaymentPrices } from "../../src/auction/credit/payment.ts";
import { prepareAuction, type PreparedAuction } from "../../src/auction/inputs/prepare.ts";
import type { AuctionItem, AuctionProblem } from "../../src/auction/inputs/problem.ts";
import { MECHANISM_ID, VALIDATION_EPOCH_BLOCKS } from "../../src/auction/protocol/constants.ts";
import { mechanismShare } from "../../src/auction/protocol/budget.ts";
import { fp18ToNumber } from "../../src/auction/protocol/fp18.ts";
import { epochStart, type ValidationWindow, windowAt } from "../../src/auction/protocol/windows.ts";
import { solveBuiltIn } from "../../src/auction/solver/solve.ts";
import { listWinners } from "../../src/auction/winners.ts";
import { connectChain } from "../../src/chain/connection.ts";
import type { BlockRef, ChainConnection } from "../../src/chain/types.ts";
import type { SimulatedChain, Simulator } from "../../src/simulator/mod.ts";
import { NETUID } from "./market.ts";

const U16_MAX = 65_535;

/** All validators of the subnet, who agree with each other. */
export class StandInValidators implements AsyncDisposable {
  /** Whether they find other winners wherever several outcomes are equally good, as another build of the solver does. */
  hasOtherBuild = false;
  readonly #chain: SimulatedChain;
  readonly #connection: ChainConnection;
  readonly #creditedShares = new Map<string, number>();

  private constructor(chain: SimulatedChain, connection: ChainConnection) {
    this.#chain = chain;
    this.#connection = connection;
  }

  /** Takes their place on a simulator, and registers an owner of the subnet for what burns. */
  static async open({ chain, url }: Simulator): Promise<StandInValidators> {
    const owner = new Keyring({ type: "sr25519", ss58Format: 42 }).addFromUri("//demo//Owner").address;
    chain.registerNeuron(NETUID, { hotkey: owner });
    chain.setSubnetOwner(NETUID, owner);
    return new StandInValidators(chain, await connectChain({ endpoints: [url], nowMs: Date.now }));
  }

  /** Sets the share of what a hotkey wins that it is credited with from the next settlement on; it is 1 unless set. */
  credit(hotkey: string, share: number): void {
    if (!(share >= 0 && share <= 1)) {
      throw new RangeError(`Cannot credit ${hotkey}: the share is ${share}; give a number from 0 to 1`);
    }
    this.#creditedShares.set(hotkey, share);
  }

  /**
   * Settles the last validation epoch that has ended by the head, and commits its weights. Real validators do so in window 0.
   *
   * @returns the share of each hotkey and of the owner.
   */
  async settle(): Promise<ReadonlyMap<string, number>> {
    const head = await this.#connection.bestHead();
    const tempo = await this.#connection.tempo(NETUID, head.hash);
    const epochStartBlock = epochStart(NETUID, tempo, head.number);
    const current = validationEpochAt(head.number, epochStartBlock);
    const alphas = new Map<string, number>();
    const owner = this.#chain.subnetOwner(NETUID);
    for (let block = current.firstBlock - 1; block >= current.firstBlock - VALIDATION_EPOCH_BLOCKS;) {
      const window = windowAt(block, epochStartBlock);
      const { alphaByHotkey, burnAlpha } = await this.#settleWindow(window, head, tempo);
      for (const [hotkey, alpha] of [...alphaByHotkey, [owner, burnAlpha] as const]) {
        alphas.set(hotkey, (alphas.get(hotkey) ?? 0) + alpha);
      }
      block = window.firstBlock - 1;
    }
    const totalAlpha = [...alphas.values()].reduce((sum, alpha) => sum + alpha, 0);
    const shares = new Map(Array.from(alphas, ([hotkey, alpha]) => [hotkey, alpha / totalAlpha]));
    this.#commit(shares);
    return shares;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }

  async #settleWindow(
    window: ValidationWindow,
    head: BlockRef,
    tempo: number,
  ): Promise<ReturnType<typeof settleWindow>> {
    const snapshot = await this.#connection.readSnapshot({
      netuid: NETUID,
      tempo,
      head,
      firstBlockNumber: window.firstBlock,
    });
    const prepared = prepareAuction(snapshot);
    return settleWindow({
      windowIndex: window.index,
      mechanismShare: mechanismShare(snapshot.mechanismEmissionSplit, { netuid: NETUID }),
      prices: pricesOf(prepared),
      credited: prepared.problem === null ? [] : await this.#creditedRuns(prepared.problem),
    });
  }

  async #creditedRuns(problem: AuctionProblem): Promise<CreditedRun[]> {
    const { items } = problem;
    const { wins: found } = await solveBuiltIn(problem, { ownHotkey: null, prefer: "fewest-own" });
    const wins = this.hasOtherBuild ? otherWins(items, found) : found;
    return listWinners(items, wins).map(({ hotkey, hashrateFp18, priceFp18, count }) => ({
      hotkey,
      priceFp18,
      hashratePh: fp18ToNumber(hashrateFp18) * count * (this.#creditedShares.get(hotkey) ?? 1),
    }));
  }

  /** Commits the shares as weights of every validator: the greatest becomes 65535. */
  #commit(shares: ReadonlyMap<string, number>): void {
    const neurons = this.#chain.neuronsAt(this.#chain.head, NETUID);
    const most = Math.max(...shares.values());
    const weights = neurons.flatMap(({ uid, hotkey }) => {
      const weight = Math.round((shares.get(hotkey) ?? 0) / most * U16_MAX);
      return weight > 0 ? [{ uid, weight }] : [];
    });
    for (const { hotkey } of neurons.filter(({ validatorPermit }) => validatorPermit)) {
      this.#chain.commitWeights({ netuid: NETUID, mechanism: MECHANISM_ID, hotkey, weights });
    }
  }
}

/** As many winners of each size and price, but the last bidders instead of the first: just as good an outcome. */
export function otherWins(items: readonly AuctionItem[], wins: readonly number[]): number[] {
  const left = new Map<string, number>();
  const classOf = ({ value, cost }: AuctionItem): string => `${value}:${cost}`;
  for (const [i, item] of items.entries()) left.set(classOf(item), (left.get(classOf(item)) ?? 0) + wins[i]!);
  return items.toReversed().map((item) => {
    const won = Math.min(item.count, left.get(classOf(item))!);
    left.set(classOf(item), left.get(classOf(item))! - won);
    return won;
  }).reverse();
}

function pricesOf({ prices }: PreparedAuction): PaymentPrices | null {
  const { HASHP_USDC, ALPHA_TAO, TAO_USDC } = prices;
  if (HASHP_USDC === null || ALPHA_TAO === null || TAO_USDC === null) return null;
  return {
    hashpUsdc: fp18ToNumber(HASHP_USDC),
    alphaTao: fp18ToNumber(ALPHA_TAO),
    taoUsdc: fp18ToNumber(TAO_USDC),
  };
}
