/**
 * Reads what the chain's last epoch paid a hotkey (spec, section 10).
 *
 * @module
 */

import { MECHANISM_ID } from "../auction/protocol/constants.ts";
import type { JsonRpcConnection } from "./json_rpc.ts";
import type { Runtime } from "./runtime.ts";
import { listOf, wholeNumber } from "./codec/scale.ts";
import { decodeAnswer, readValues } from "./storage.ts";
import type { PayReading } from "./types.ts";

/** How far the pallet's storage indices (`NetUidStorageIndex`) of two mechanisms of a subnet are apart. */
const MECHANISM_STRIDE = 4096;

const PALLET = "SubtensorModule";

/** Reads what was paid, at a block; one request. Items that the chain lacks are `null`. */
export async function readPay(
  rpc: JsonRpcConnection,
  runtime: Runtime,
  { netuid, hotkey }: { readonly netuid: number; readonly hotkey: string },
  atHash: string,
): Promise<PayReading> {
  const wanted: readonly (readonly [item: string, ...keys: unknown[]])[] = [
    ["Uids", netuid, hotkey],
    ["Incentive", netuid + MECHANISM_ID * MECHANISM_STRIDE],
    ["Emission", netuid],
    ["RevealPeriodEpochs", netuid],
    // The real name is misspelt.
    ["LastMechansimStepBlock", netuid],
  ];
  const items = wanted.flatMap(([name, ...keys]) => {
    const item = runtime.findStorage(PALLET, name);
    return item === null ? [] : [{ name, item, key: item.key(...keys) }];
  });
  const values = await readValues(rpc, items.map(({ key }) => key), atHash);
  const stored = new Map(items.map(({ name, item }, i) => {
    const value = values[i] ?? null;
    const decode = (): unknown => value === null ? item.defaultValue : item.decode(value);
    // An absent UID has no default that would mean anything.
    return [name, name === "Uids" && value === null ? null : decodeAnswer(rpc, `${PALLET}.${name}`, decode)];
  }));
  const numberOf = (name: string): number | null => {
    const value = stored.get(name) ?? null;
    return value === null ? null : decodeAnswer(rpc, `${PALLET}.${name}`, () => wholeNumber(value));
  };
  const uid = numberOf("Uids");
  /** Our entry in a list by UID. */
  const ownEntry = (name: string): unknown => {
    const list = stored.get(name) ?? null;
    return list === null || uid === null
      ? null
      : decodeAnswer(rpc, `${PALLET}.${name}`, () => listOf(list)[uid]) ?? null;
  };
  const [incentive, emissionRao] = [ownEntry("Incentive"), ownEntry("Emission")];
  const lastEpochBlock = numberOf("LastMechansimStepBlock");
  return {
    uid,
    incentive: typeof incentive === "number" ? incentive : null,
    emissionRao: typeof emissionRao === "bigint" ? emissionRao : null,
    revealPeriodEpochs: numberOf("RevealPeriodEpochs"),
    lastEpochBlock: lastEpochBlock === 0 ? null : lastEpochBlock,
  };
}
