/**
 * How long the pure part of an auction takes: from a snapshot to the integer program, and from wins to winners.
 *
 * @module
 */

import { prepareAuction } from "../../src/auction/inputs/prepare.ts";
import { listWinners } from "../../src/auction/winners.ts";
import { makeSnapshot, PRICES } from "./inputs/make_snapshot.ts";

const bids = Object.fromEntries(
  Array.from({ length: 250 }, (_, uid) => [
    `hotkey-${uid}`,
    `2;b;BTC,${(0.8 + uid / 1000).toFixed(3)}=0.1:50,0.12:50,0.2:100,0.234:100,0.25:200,0.335:200,0.45:300`,
  ]),
);
const validators = Object.fromEntries(
  Array.from({ length: 6 }, (_, i) => [`validator-${i}`, { prices: PRICES, bannedUids: [i, 100 + i] }]),
);
const snapshot = makeSnapshot({ bids, validators });

Deno.bench("prepareAuction() 250 hotkeys, 1000 workers each", () => {
  prepareAuction(snapshot);
});

const items = prepareAuction(snapshot).problem?.items ?? [];
const wins = items.map(({ count }) => count);

Deno.bench("listWinners() everything won", () => {
  listWinners(items, wins);
});
