/**
 * Parses answers of the cgminer API as real firmware writes them. Pure.
 *
 * A general repairer such as `jsonrepair` does not suit: it completes answers that were cut off, makes figures of `-` and
 * `1.5e`, and changes texts that contain a backslash.
 *
 * @module
 */

/**
 * Parses the first JSON object of an answer, and ignores anything after it (NULs, a newline, the rest of a larger buffer).
 * It repairs what can be meant in one way only:
 *
 * - commas that are too many (`1,}`, `[,{`, `,,`), or missing before a bracket or a text (`}{`, `"a""b"`, `1.0"b"`);
 * - `nan`, `-inf`, `None` and the like as values, and values that are left out (`"a":,`): `null`;
 * - other bare words (`True`, `+5`, `.5`), which become texts, as which {@link numberOf} may read them;
 * - apostrophes as quotes, control characters in texts, which become spaces, and backslashes that escape nothing, which
 *   stay. Texts are not changed otherwise.
 *
 * @returns `null` if there is no such object, if it is cut off, or if a repair would be a guess (`1,234`, `1 2`, `[1}`).
 */
export function parseCgminerJson(text: string): Record<string, unknown> | null {
  const object = firstObject(text);
  if (object === null) return null;
  try {
    return JSON.parse(object);
  } catch {
    return null;
  }
}

/** A token behind white space: a text, a text in apostrophes, a sign, or a bare word. */
const TOKEN =
  /[\0-\x20]*("[^"\\]*(?:\\[^][^"\\]*)*"|'[^'\\]*(?:\\[^][^'\\]*)*'|[{}[\]:,]|[^\0-\x20"'{}[\]:,]+)/y;

/** What may come next: a first member, another member, a colon, a value, or the end of a member. */
type Place = "first" | "another" | "colon" | "value" | "end";

/** The repaired JSON of the first object. */
function firstObject(text: string): string | null {
  let json = "";
  /** The brackets that close what is open. */
  const closing: string[] = [];
  let place: Place = "value";
  for (const token of tokensOf(text)) {
    if (token === ":") {
      if (place !== "colon") return null;
      json += token;
      place = "value";
      continue;
    }
    if (place === "colon") return null;
    if (token === "," || token === "}" || token === "]") {
      if (place === "value") json += "null";
      if (token === ",") {
        if (place !== "first") place = "another";
        continue;
      }
      if (closing.pop() !== token) return null;
      json += token;
      if (closing.length === 0) return json;
      place = "end";
      continue;
    }
    const isWord = /^[^"'{[]/.test(token);
    // Two words may be one figure that was torn apart.
    if (place === "end" && isWord) return null;
    if (place === "end" || place === "another") json += ",";
    const isOpening = token === "{" || token === "[";
    if (closing.at(-1) === "}" && place !== "value") {
      if (isOpening) return null;
      json += isWord ? JSON.stringify(token) : quoted(token);
      place = "colon";
    } else if (isOpening) {
      closing.push(token === "{" ? "}" : "]");
      json += token;
      place = "first";
    } else {
      json += isWord ? wordAsJson(token) : quoted(token);
      place = "end";
    }
  }
  return null;
}

/** The tokens from the first `{` on; none behind a text that does not end. */
function* tokensOf(text: string): Generator<string> {
  const start = text.indexOf("{");
  if (start === -1) return;
  const tokens = new RegExp(TOKEN);
  tokens.lastIndex = start;
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) yield match[1]!;
}

const JSON_WORD = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
const NO_FIGURE = /^(?:[+-]?(?:nan|inf|infinity)(?:\(.*\))?|none)$/i;

function wordAsJson(word: string): string {
  if (JSON_WORD.test(word)) return word;
  return NO_FIGURE.test(word) ? "null" : JSON.stringify(word);
}

/** Escapes that JSON knows, those of apostrophes, and what needs an escape. */
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})|\\'|[\\"]/g;

/** A text as JSON: in quotation marks, without control characters, and with known escapes only. */
function quoted(text: string): string {
  const inApostrophes = text.startsWith("'");
  // deno-lint-ignore no-control-regex -- firmware sends control characters
  const inner = text.slice(1, -1).replace(/[\0-\x1f]/g, " ").replace(ESCAPE, (found) => {
    if (found === "\\'" && inApostrophes) return "'";
    return found.length === 1 || found === "\\'" ? `\\${found}` : found;
  });
  return `"${inner}"`;
}

/** A number, possibly written as text (`"13564.12"`); `null` for anything else and for numbers that are not finite. */
export function numberOf(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** The objects of a section such as `POOLS`, which some firmware writes without its list; other values are skipped. */
export function objectsOf(value: unknown): readonly Record<string, unknown>[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
