/**
 * The unified diff that reports and `--dry-run` show of a proxy's file.
 *
 * @module
 */

import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from "diff";

const CONTEXT_LINES = 3;

/** The unified diff of two texts, without the carriage returns of CRLF lines; empty if the texts are equal. */
export function unifiedDiff(before: string, after: string, path: string): string {
  if (before === after) return "";
  const patch = structuredPatch(path, path, before, after, undefined, undefined, { context: CONTEXT_LINES });
  return formatPatch(patch, FILE_HEADERS_ONLY).replaceAll("\r\n", "\n");
}
