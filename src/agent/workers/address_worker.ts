/// <reference no-default-lib="true" />
/// <reference lib="deno.unstable" />
/// <reference lib="deno.worker" />
/**
 * The worker that finds a hotkey's address: the file's secret is read here and nowhere near the main thread.
 *
 * @module
 */

import { WalletError } from "../../chain/wallet/errors.ts";
import { readHotkeyAddress } from "../../chain/wallet/signer.ts";
import { serveJob } from "./worker_side.ts";

/** What the worker is started with. */
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
