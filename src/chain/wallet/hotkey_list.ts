/**
 * The hotkeys in a wallets' folder, for people who have to name one. Looks at names only and opens no key file.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { WalletError } from "./errors.ts";

/** A hotkey file by its names, as `[wallet] name` and `hotkey_name` say them. */
export interface HotkeyName {
  readonly wallet: string;
  readonly hotkey: string;
}

/** How many names a message holds. */
const MOST_NAMES = 12;

/**
 * Lists the hotkeys of all wallets by name; the `…pub.txt` files that btcli writes beside them are left out. Folders that
 * cannot be read count as empty, except for the first.
 *
 * @param directory the folder of all wallets, absolute.
 * @throws an error of `Deno.errors` when that folder cannot be read.
 */
export function listHotkeys(directory: string): HotkeyName[] {
  return namesIn(directory).flatMap((wallet) =>
    namesUnlessDenied(join(directory, wallet, "hotkeys"))
      .filter((hotkey) => !hotkey.endsWith("pub.txt"))
      .map((hotkey) => ({ wallet, hotkey }))
  );
}

/** Says which hotkeys there are beside a hotkey's file, `<directory>/<name>/hotkeys/<hotkey_name>`. */
export function describeHotkeysBeside(hotkeyPath: string): string {
  const directory = dirname(dirname(dirname(hotkeyPath)));
  try {
    const names = listHotkeys(directory).map(({ wallet, hotkey }) => `${wallet}/${hotkey}`);
    if (names.length === 0) {
      const hidden = namesIn(directory).map((wallet) => join(directory, wallet, "hotkeys")).find(isHidden);
      return hidden === undefined ? `${directory} has no hotkeys` : `this user may not list ${hidden}`;
    }
    const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
    return `${directory} has these hotkeys (wallet/hotkey): ${names.slice(0, MOST_NAMES).join(", ")}${more}`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory
      ? `there is no folder ${directory}`
      : `this user may not list ${directory}`;
  }
}

/**
 * Refuses a hotkey file that does not exist, before a worker is started that may read nothing but this file.
 *
 * @throws {WalletError} `missing`, naming the hotkeys that are there.
 */
export function refuseMissingHotkey(hotkeyPath: string): void {
  try {
    Deno.lstatSync(hotkeyPath);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw missingHotkey(hotkeyPath, describeHotkeysBeside(hotkeyPath));
    }
    // Whoever opens the file says what is wrong with it.
  }
}

/** A hotkey file that does not exist. */
export function missingHotkey(hotkeyPath: string, hint?: string): WalletError {
  const more = hint === undefined ? "" : `; ${hint}`;
  return new WalletError(
    "missing",
    hotkeyPath,
    `Cannot read the hotkey ${hotkeyPath}: there is no such file; check [wallet] directory, name and hotkey_name${more}`,
  );
}

function namesUnlessDenied(folder: string): string[] {
  try {
    return namesIn(folder);
  } catch {
    return [];
  }
}

function isHidden(folder: string): boolean {
  try {
    namesIn(folder);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied;
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => !name.startsWith(".")).sort();
}
