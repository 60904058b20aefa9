/**
 * Parses answers of the cgminer API as real firmware writes them. Pure.
 *
 * @module
 */

/**
 * Parses the first JSON object of an answer. It ignores anything after it (NULs, a newline, the rest of a larger buffer),
 * reads control characters as spaces, and `}{` between two objects, which several vendors' firmware writes, as `},{`. It
 * repairs nothing else.
 *
 * @returns `null` if there is no such object or it is cut off.
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

function firstObject(text: string): string | null {
  const start = text.indexOf("{");
  if (start === -1) return null;
  let json = "";
  let copiedTo = start;
  let depth = 0;
  let inString = false;
  let lastToken = "";
  for (let i = start; i < text.length; i++) {
    const char = text[i]!;
    if (char < " ") {
      json += `${text.slice(copiedTo, i)} `;
      copiedTo = i + 1;
      continue;
    }
    if (inString) {
      if (char === "\\") i++;
      else if (char === '"') inString = false;
      continue;
    }
    if (char === " ") continue;
    if (char === '"') inString = true;
    else if (char === "{") {
      depth++;
      if (lastToken === "}") {
        json += `${text.slice(copiedTo, i)},`;
        copiedTo = i;
      }
    } else if (char === "}") {
      depth--;
      if (depth === 0) return json + text.slice(copiedTo, i + 1);
    }
    lastToken = char;
  }
  return null;
}

/** A number, possibly written as text (`"13564.12"`); `null` for anything else and for numbers that are not finite. */
export function numberOf(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** The objects of a section such as `POOLS`; other values are skipped. */
export function objectsOf(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Whether a value is an object and not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
