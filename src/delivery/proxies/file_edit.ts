/**
 * What an edit of a proxy's file says about itself.
 *
 * @module
 */

/** A value for people and for JSON; `null`: the key is not in the file. */
export type ShownValue = string | number | boolean | null;

/** One key of the proxy's file, before and after. */
export interface RoutedValue {
  /** Where in the file, for people: `pools.main[0] "central-proxy" target_hashrate`. */
  readonly key: string;
  readonly previous: ShownValue;
  readonly value: ShownValue;
}

/** The outcome of a pure edit. */
export interface FileEdit {
  readonly changed: boolean;
  /** The new text; the text itself when nothing changed. */
  readonly after: string;
  /** The keys that routing owns, changed or not. */
  readonly values: readonly RoutedValue[];
  /** Why nothing had to be decided; `null`: it was. */
  readonly skipped: "no-hashrate" | null;
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
