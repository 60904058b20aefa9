/**
 * The result of editing a proxy's file.
 *
 * @module
 */

/** A value as reports show it; `null` if the key is not in the file. */
export type ShownValue = string | number | boolean | null;

/** One key of the proxy's file, before and after. */
export interface RoutedValue {
  /** For example `pools.main[0] "central-proxy" target_hashrate`. */
  readonly key: string;
  readonly previous: ShownValue;
  readonly value: ShownValue;
}

/** The result of an edit. */
export interface FileEdit {
  readonly changed: boolean;
  /** The new text; the old one if nothing changed. */
  readonly after: string;
  /** The keys that routing owns, whether changed or not. */
  readonly values: readonly RoutedValue[];
  /** Why the edit was skipped; `null` if it was not. */
  readonly skipped: "no-hashrate" | null;
}

/** An identity as written; `null` if there is none. */
export function writtenIdentity(value: unknown): string | null {
  const shown = shownValue(value);
  const text = shown === null ? "" : String(shown).trim();
  return text === "" ? null : text;
}

/** A parsed value as {@linkcode ShownValue}: a bigint beyond 2^53 as text, a table or array as `"(table)"`. */
export function shownValue(value: unknown): ShownValue {
  switch (typeof value) {
    case "undefined":
      return null;
    case "string":
    case "number":
    case "boolean":
      return value;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    default:
      return value instanceof Date ? value.toISOString() : "(table)";
  }
}
