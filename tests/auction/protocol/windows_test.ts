import assert from "node:assert/strict";
import fc from "fast-check";
import {
  epochStart,
  firstWindowFrom,
  locateInWindows,
  nextWindow,
  windowAt,
} from "../../../src/auction/protocol/windows.ts";

const block = fc.integer({ min: -10_000, max: 20_000_000 });

Deno.test("epochStart() gives the last epoch start that is not after the block", () => {
  assert.equal(epochStart(89, 360, 7_414_065), 7_413_766);
  assert.equal(epochStart(89, 360, 30), -91);
  fc.assert(fc.property(fc.nat(200), fc.nat(1000), block, (netuid, tempo, at) => {
    const start = epochStart(netuid, tempo, at);
    assert.ok(start <= at && at - start <= tempo);
    assert.equal(epochStart(netuid, tempo, start), start);
    assert.equal(epochStart(netuid, tempo, start - 1), start - tempo - 1);
  }));
});

Deno.test("windowAt() divides the block line into windows of 60, 60, 60, 60, 60 and 61 blocks", () => {
  fc.assert(fc.property(block, block, (at, epoch) => {
    const window = windowAt(at, epoch);
    assert.ok(window.firstBlock <= at && at <= window.lastBlock);
    assert.equal(window.lastBlock - window.firstBlock + 1, window.index === 5 ? 61 : 60);
    const next = nextWindow(window, epoch);
    assert.equal(next.firstBlock, window.lastBlock + 1);
    assert.equal(next.index, (window.index + 1) % 6);
    assert.deepEqual(windowAt(next.firstBlock - 1, epoch), window);
  }));
});

Deno.test("windowAt() does not depend on which epoch start it is given", () => {
  fc.assert(fc.property(block, block, fc.integer({ min: -50, max: 50 }), (at, epoch, epochs) => {
    assert.deepEqual(windowAt(at, epoch + 361 * epochs), windowAt(at, epoch));
  }));
});

Deno.test("windowAt() begins a validation epoch 60 blocks before the epoch start", () => {
  assert.deepEqual(windowAt(940, 1000), { index: 0, firstBlock: 940, lastBlock: 999 });
  assert.deepEqual(windowAt(1300, 1000), { index: 5, firstBlock: 1240, lastBlock: 1300 });
  assert.deepEqual(windowAt(939, 1000), { index: 5, firstBlock: 879, lastBlock: 939 });
});

Deno.test("firstWindowFrom() gives the window that begins at the block or is the first to begin after it", () => {
  assert.equal(firstWindowFrom(1000, 1000).firstBlock, 1000);
  assert.equal(firstWindowFrom(1001, 1000).firstBlock, 1060);
  fc.assert(fc.property(block, block, (at, epoch) => {
    const window = firstWindowFrom(at, epoch);
    assert.ok(window.firstBlock >= at);
    assert.ok(windowAt(window.firstBlock - 1, epoch).firstBlock < at, "no earlier window begins in between");
  }));
});

Deno.test("locateInWindows() waits for a window that begins within 45 s, which is 3 blocks", () => {
  const at = (head: number): [number, boolean] => {
    const { secondsToNext, nextIsClose } = locateInWindows(head, 1000);
    return [secondsToNext, nextIsClose];
  };
  assert.deepEqual(at(996), [48, false]);
  assert.deepEqual(at(997), [36, true]);
  assert.deepEqual(at(999), [12, true]);
  assert.deepEqual(at(1000), [720, false]);
  assert.equal(locateInWindows(997, 1000).next.firstBlock, 1000);
});
