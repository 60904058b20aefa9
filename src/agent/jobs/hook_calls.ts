/**
 * Which of the operator's programs a run calls (`[hooks]`).
 *
 * @module
 */

import type { AuctionOutcome } from "../../auction/outcome.ts";
import type { HooksConfig } from "../../config/hooks.ts";
import type { HookRunner } from "../hooks/hooks.ts";

/** Who calls programs; a dry run has none. */
export type Hooks = Pick<HookRunner, "call">;

/**
 * Calls the programs that follow a window's outcome, after it was routed: `on_result` always, `on_won` and `on_lost`
 * where workers won and lost.
 *
 * @param document the result document.
 */
export function callResultHooks(
  hooks: Hooks,
  config: HooksConfig,
  { own }: AuctionOutcome,
  document: unknown,
): void {
  hooks.call("on_result", document, config);
  if (own.wonCount > 0) hooks.call("on_won", document, config);
  if (own.lostCount > 0) hooks.call("on_lost", document, config);
}
