import {
  type AuctionSnapshot,
  type CommitmentRecord,
  type NeuronRecord,
  SNAPSHOT_FORMAT,
} from "../../../src/auction/inputs/snapshot.ts";
import { parseFp18 } from "../../../src/auction/protocol/fp18.ts";
import { writePriceCommitment } from "../../../scripts/scene/price_commitment.ts";

/** The window's first block in every snapshot made here. */
export const FIRST_BLOCK = 8_000_000;

/** What a validator of {@linkcode makeSnapshot} publishes. */
export interface ValidatorFixture {
  readonly prices?: Readonly<Record<string, string>>;
  readonly bannedUids?: readonly number[];
  /** @default 1000 alpha */
  readonly stakeRao?: string;
}

/** Parts of a snapshot made by {@linkcode makeSnapshot}. */
export interface SnapshotFixture {
  /** Text of the commitment by hotkey, in the order of the storage keys. */
  readonly bids?: Readonly<Record<string, string>>;
  readonly records?: readonly CommitmentRecord[];
  readonly validators?: Readonly<Record<string, ValidatorFixture>>;
  readonly firstBlock?: number;
  readonly split?: readonly number[] | null;
}

/** Prices that give a budget of 100.8 PH with {@linkcode SPLIT}: 0.01 × 350 × 0.2 × 7200 / 50. */
export const PRICES = { TAO_USDC: "350", ALPHA_TAO: "0.01", HASHP_USDC: "50" } as const;
/** A mechanism split whose miners' part is a little below 0.2. */
export const SPLIT = [33567, 31968] as const;

let keys = 0;

/** A record with the next storage key. */
export function makeRecord(
  hotkey: string,
  data: Uint8Array | string | null,
  overrides: Partial<CommitmentRecord> = {},
): CommitmentRecord {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return {
    storageKey: `0x${(keys++).toString(16).padStart(16, "0")}`,
    hotkey,
    block: FIRST_BLOCK - 10,
    fieldKind: bytes === null ? "None" : `Raw${bytes.length}`,
    data: bytes === null ? null : `0x${bytes.toHex()}`,
    ...overrides,
  };
}

/** A snapshot with bids, then other records, then validators; neurons have UIDs in that order. */
export function makeSnapshot(fixture: SnapshotFixture): AuctionSnapshot {
  const { bids = {}, records = [], validators = { validator: { prices: PRICES } }, split = SPLIT } = fixture;
  const firstBlock = fixture.firstBlock ?? FIRST_BLOCK;
  const commitments = [
    ...Object.entries(bids).map(([hotkey, text]) => makeRecord(hotkey, text, { block: firstBlock - 10 })),
    ...records,
    ...Object.entries(validators).map(([hotkey, { prices = {}, bannedUids = [] }]) =>
      makeRecord(
        hotkey,
        writePriceCommitment(
          Object.entries<string>(prices).map(([key, text]) => [key, parseFp18(text)] as const),
          bannedUids,
        ),
      )
    ),
  ];
  const miners: NeuronRecord[] = [...Object.keys(bids), ...records.map(({ hotkey }) => hotkey)]
    .map((hotkey, uid) => ({ uid, hotkey, stakeRao: "0" }));
  const staked = Object.entries(validators).map(([hotkey, { stakeRao = "1000000000000" }], i) => ({
    uid: miners.length + i,
    hotkey,
    stakeRao,
  }));
  return {
    format: SNAPSHOT_FORMAT,
    chain: {
      endpoint: "ws://127.0.0.1:9944",
      genesisHash: hashOf(0),
      specName: "node-subtensor",
      specVersion: 318,
    },
    netuid: 89,
    tempo: 360,
    head: { number: firstBlock + 5, hash: hashOf(2), timestampMs: 1_700_000_060_000 },
    firstBlock: { number: firstBlock, hash: hashOf(0x1234), timestampMs: 1_700_000_000_000 },
    mechanismEmissionSplit: split,
    commitments,
    neurons: [...miners, ...staked],
  };
}

function hashOf(number: number): string {
  return `0x${number.toString(16).padStart(64, "0")}`;
}
