import { z } from "zod";
import { WINDOW_BLOCKS } from "../../src/auction/protocol/constants.ts";
import {
  epochStart,
  nextWindow,
  type ValidationWindow,
  windowAt,
} from "../../src/auction/protocol/windows.ts";
import type { VectorChecker } from "./checker.ts";

const blocksPerWindow = z.literal(WINDOW_BLOCKS);
const chainPosition = { netuid: z.int(), tempo: z.int(), block: z.int() };
const input = z.discriminatedUnion("op", [
  z.strictObject({
    op: z.literal("window"),
    block: z.int(),
    epoch_start: z.int(),
    blocks_per_window: blocksPerWindow,
  }),
  z.strictObject({ op: z.literal("windows"), epoch_start: z.int(), blocks_per_window: blocksPerWindow }),
  z.strictObject({ op: z.literal("epoch"), ...chainPosition }),
  z.strictObject({ op: z.literal("chain"), ...chainPosition }),
]);

/** `windows.json` */
export const windows: VectorChecker = {
  compute(vector): unknown {
    const request = input.parse(vector.input);
    switch (request.op) {
      case "window": {
        const { index, firstBlock, lastBlock } = windowAt(request.block, request.epoch_start);
        return [index, firstBlock, lastBlock];
      }
      case "windows": {
        const epoch: ValidationWindow[] = [
          windowAt(request.epoch_start - WINDOW_BLOCKS, request.epoch_start),
        ];
        while (epoch.length < 6) epoch.push(nextWindow(epoch.at(-1)!, request.epoch_start));
        return epoch.map(({ firstBlock, lastBlock }) => [firstBlock, lastBlock]);
      }
      case "epoch": {
        const { netuid, tempo, block } = request;
        const start = epochStart(netuid, tempo, block);
        const length = tempo + 1;
        return { start, stop: start + length, last: start + length - 1, length };
      }
      case "chain": {
        const { netuid, tempo, block } = request;
        const start = epochStart(netuid, tempo, block);
        const { index, firstBlock, lastBlock } = windowAt(block, start);
        return {
          epoch_start: start,
          window_index: index,
          window_start: firstBlock,
          window_end: lastBlock,
        };
      }
    }
  },
};
