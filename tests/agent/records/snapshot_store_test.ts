import assert from "node:assert/strict";
import { join } from "node:path";
import { type SavedAuction } from "../../../src/agent/jobs/saved_auction.ts";
import { SnapshotStore, TEMPORARY } from "../../../src/agent/records/snapshot_store.ts";
import { makeSnapshot } from "../../auction/inputs/make_snapshot.ts";

const OWNER = { netuid: 89, hotkey: "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty" };

function auctionAt(firstBlock: number): SavedAuction {
  return {
    hotkey: OWNER.hotkey,
    window: { index: 1, firstBlock, lastBlock: firstBlock + 59 },
    onAmbiguous: "deliver-safe",
    snapshot: makeSnapshot({ bids: { a: "2;b;BTC,1=0.45:1" }, firstBlock }),
  };
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("SnapshotStore keeps the newest windows, compressed, and gives them back, the oldest first", async () => {
  await inFolder(async (folder) => {
    const store = new SnapshotStore(folder, OWNER);
    assert.deepEqual(await store.newest(5), { auctions: [], unreadable: [] });
    // The number of digits changes.
    const blocks = [999_940, 1_000_000, 1_000_060, 1_000_120];
    for (const block of blocks) await store.keep(auctionAt(block), 3);
    await store.keep(auctionAt(1_000_060), 3);
    const { auctions, unreadable } = await store.newest(5);
    assert.deepEqual(unreadable, []);
    assert.deepEqual(auctions.map(({ window }) => window.firstBlock), blocks.slice(1));
    assert.deepEqual((await store.newest(1)).auctions.map(({ window }) => window.firstBlock), [1_000_120]);
    const names = await Array.fromAsync(Deno.readDir(store.folder), ({ name }) => name);
    assert.deepEqual(names.sort(), ["0001000000.json.gz", "0001000060.json.gz", "0001000120.json.gz"]);
    const bytes = await Deno.readFile(join(store.folder, names[0]!));
    assert.deepEqual([...bytes.slice(0, 2)], [0x1f, 0x8b]);
    assert.ok(bytes.length < JSON.stringify(auctionAt(1_000_000)).length);
  });
});

Deno.test("SnapshotStore keeps none with a count of 0, and keeps bidders apart", async () => {
  await inFolder(async (folder) => {
    const store = new SnapshotStore(folder, OWNER);
    await store.keep(auctionAt(1_000_000), 0);
    assert.deepEqual((await store.newest(5)).auctions, []);
    await store.keep(auctionAt(1_000_000), 2);
    assert.deepEqual((await new SnapshotStore(folder, { ...OWNER, netuid: 90 }).newest(5)).auctions, []);
    await store.keep(auctionAt(1_000_060), 0);
    assert.deepEqual((await store.newest(5)).auctions, []);
  });
});

Deno.test("SnapshotStore passes over files that cannot be read, and names them", async () => {
  await inFolder(async (folder) => {
    const store = new SnapshotStore(folder, OWNER);
    await store.keep(auctionAt(1_000_000), 5);
    await store.keep(auctionAt(1_000_060), 5);
    const torn = join(store.folder, "0001000060.json.gz");
    await Deno.writeFile(torn, (await Deno.readFile(torn)).slice(0, 40));
    await Deno.writeTextFile(join(store.folder, "0001000120.json.gz"), "{}");
    await Deno.writeTextFile(join(store.folder, "notes.txt"), "mine");
    const { auctions, unreadable } = await store.newest(5);
    assert.deepEqual(auctions.map(({ window }) => window.firstBlock), [1_000_000]);
    assert.equal(unreadable.length, 2);
    assert.equal(unreadable[0]!.path, torn);
    await store.keep(auctionAt(1_000_180), 1);
    const names = await Array.fromAsync(Deno.readDir(store.folder), ({ name }) => name);
    assert.deepEqual(names.sort(), ["0001000180.json.gz", "notes.txt"]);
  });
});

Deno.test("SnapshotStore replaces a link in the place of its temporary file", async () => {
  await inFolder(async (folder) => {
    const store = new SnapshotStore(folder, OWNER);
    await store.keep(auctionAt(1_000_000), 3);
    const other = join(folder, "other");
    await Deno.writeTextFile(other, "kept");
    await Deno.symlink(other, join(store.folder, TEMPORARY));
    await store.keep(auctionAt(1_000_060), 3);
    assert.equal(await Deno.readTextFile(other), "kept");
    assert.equal((await store.newest(5)).auctions.length, 2);
  });
});
