import type { DeliveredWindow } from "../../../src/delivery/measured/delivery_report.ts";

/** A window in which one worker won everything; its times are those of the overrides. */
export function deliveredWindow(overrides: Partial<DeliveredWindow>): DeliveredWindow {
  const { firstBlock = 1_000, wonHashratePh = 1 } = overrides;
  return {
    firstBlock,
    lastBlock: firstBlock + 59,
    windowIndex: 0,
    won: [{ hashratePh: wonHashratePh, priceFp18: 10n ** 18n }],
    wonHashratePh,
    measuredShare: 1,
    span: "the chain has no time",
    ...overrides,
  };
}
