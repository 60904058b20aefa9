/**
 * Runs CBC for the auction's worker. The main thread runs it because it outlives the worker: terminating a worker ends its
 * JavaScript at any point, and would leave the program's processes behind.
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

/** The request of the worker. */
interface CbcRequest extends Pick<RunLimits, "timeLimitMs"> {
  readonly args: readonly string[];
}

/** The response of the main thread. */
type CbcResponse =
  | { readonly printed: string }
  | { readonly failure: CbcFailure; readonly message: string };

/** The worker's half: asks the main thread to run its configured command in the run's folder. */
export function cbcOfMainThread(request: (request: unknown) => Promise<unknown>): RunCbc {
  return async (_command, args, { timeLimitMs }) => {
    const response = await request({ args, timeLimitMs } satisfies CbcRequest) as CbcResponse;
    if ("printed" in response) return response.printed;
    throw new CbcError(response.failure, response.message);
  };
}

/** The main thread's half: runs this command only. */
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
