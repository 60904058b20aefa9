/**
 * Checks the answer of the worker of `ih-miner check` in the main thread.
 *
 * @module
 */

import * as z from "zod";
import { checkAnswer, hotkeyAddress } from "../../agent/jobs/worker_answer.ts";
import { endpointLabel } from "../../chain/networks.ts";
import type { WalletErrorKind } from "../../chain/wallet/errors.ts";
import { cutText } from "../../lib/cut_text.ts";
import type { ChainLook, EndpointLook } from "./chain_look.ts";

const WALLET_ERROR_KINDS = [
  "missing",
  "unreadable",
  "encrypted",
  "malformed",
  "no-secret",
  "mismatch",
] as const satisfies readonly WalletErrorKind[];

const text = z.string().transform(cutText);

const wallet = z.union([
  z.object({ address: hotkeyAddress, canSign: z.boolean() }),
  z.object({ address: z.null(), kind: z.enum(WALLET_ERROR_KINDS), error: text }),
]);

/** What the worker says of one endpoint, which has this label. */
function lookAt(endpoint: string): z.ZodType<EndpointLook> {
  return z.union([
    z.object({
      endpoint: z.literal(endpoint),
      spec: text,
      headNumber: z.int().nonnegative(),
      headAgeSeconds: z.number().nullable(),
      connectMs: z.number().nonnegative(),
    }),
    z.object({ endpoint: z.literal(endpoint), error: text }),
  ]);
}

/**
 * Reads the worker's answer.
 *
 * @param endpoints the URLs that it was to look at.
 * @throws {import("../../agent/jobs/worker_answer.ts").WorkerAnswerError} if it is not about them.
 */
export function readChainLook(answer: unknown, endpoints: readonly string[]): ChainLook {
  const [first, ...rest] = endpoints.map(endpointLabel).map(lookAt);
  const looks = z.tuple([first!, ...rest]);
  const registration = z.object({ uid: z.int().min(0).max(65535).nullable() }).nullable();
  return checkAnswer("check", z.object({ wallet, endpoints: looks, registration }), answer);
}
