/**
 * Running CBC for the auction's worker. The main thread does, which outlives the worker: terminating a worker ends its
 * JavaScript at any point, and would leave behind what the program started.
 *
 * @module
 */

import {
  CbcError,
  type CbcFailure,
  type RunCbc,
  runCbc,
  type RunLimits,
} from "../../auction/solver/cbc/program.ts";
import type { ServeRequest } from "./job_host.ts";

/** What the worker asks for. */
interface CbcRequest extends Pick<RunLimits, "timeLimitMs"> {
  readonly args: readonly string[];
}

/** What came of it. */
type CbcResponse =
  | { readonly printed: string }
  | { readonly failure: CbcFailure; readonly message: string };

/** The worker's half: has the main thread run its command, whatever the given one is, in the run's folder. */
export function cbcOfMainThread(request: (request: unknown) => Promise<unknown>): RunCbc {
  return async (_command, args, { timeLimitMs }) => {
    const response = await request({ args, timeLimitMs } satisfies CbcRequest) as CbcResponse;
    if ("printed" in response) return response.printed;
    throw new CbcError(response.failure, response.message);
  };
}

/** The main thread's half: runs this command and no other. */
export function serveCbc(command: readonly string[]): ServeRequest {
  return async (request, limits): Promise<CbcResponse> => {
    const { args, timeLimitMs } = request as CbcRequest;
    try {
      return { printed: await runCbc(command, args, { ...limits, timeLimitMs }) };
    } catch (error) {
      if (!(error instanceof CbcError)) throw error;
      const { failure, message } = error;
      return { failure, message };
    }
  };
}
