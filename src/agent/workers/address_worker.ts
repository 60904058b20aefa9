/// <reference no-default-lib="true" />
/// <reference lib="deno.unstable" />
/// <reference lib="deno.worker" />
/**
 * The worker that reads a hotkey's address, so that the main thread never reads the file's secret.
 *
 * @module
 */

import "./seal.ts";
import { WalletError } from "../../chain/wallet/errors.ts";
import { readHotkeyAddress } from "../../chain/wallet/signer.ts";
import { serveJob } from "./worker_side.ts";

/** Input of the worker. */
export interface AddressWorkerInput {
  readonly hotkeyPath: string;
}

serveJob<AddressWorkerInput, string>(
  ({ hotkeyPath }, { step }) => {
    step("reading the hotkey");
    return readHotkeyAddress(hotkeyPath);
  },
  (error) => error instanceof WalletError,
);
