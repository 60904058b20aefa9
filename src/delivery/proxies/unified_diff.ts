/**
 * A unified diff for people, of two texts that differ in few lines.
 *
 * @module
 */

const CONTEXT_LINES = 3;

interface Change {
  readonly fromLine: number;
  readonly removed: readonly string[];
  readonly toLine: number;
  readonly added: readonly string[];
}

/**
 * The unified diff of two texts with three lines of context; empty when they are equal. A carriage return at a
 * line's end is not shown, but counts.
 *
 * @param path the file named in the diff's head
 */
export function unifiedDiff(before: string, after: string, path: string): string {
  if (before === after) return "";
  const from = splitLines(before);
  const to = splitLines(after);
  const output = [`--- ${path}`, `+++ ${path}`];
  for (const hunk of hunksOf(changesBetween(from, to))) output.push(...hunkLines(hunk, from));
  return output.join("\n") + "\n";
}

function splitLines(text: string): string[] {
  return text.split(/(?<=\n)/).filter((line) => line !== "");
}

/**
 * Walks both texts at once; where they part, goes on at the nearest pair of equal lines. Linear for the few small
 * changes that routing makes, where a shortest edit script would look the same.
 */
function changesBetween(from: readonly string[], to: readonly string[]): Change[] {
  const changes: Change[] = [];
  let x = 0;
  let y = 0;
  while (x < from.length || y < to.length) {
    if (x < from.length && from[x] === to[y]) {
      x++;
      y++;
      continue;
    }
    const [removed, added] = nextMeeting(from, x, to, y);
    changes.push({
      fromLine: x,
      removed: from.slice(x, x + removed),
      toLine: y,
      added: to.slice(y, y + added),
    });
    x += removed;
    y += added;
  }
  return changes;
}

function nextMeeting(from: readonly string[], x: number, to: readonly string[], y: number): [number, number] {
  const restFrom = from.length - x;
  const restTo = to.length - y;
  for (let distance = 1; distance < restFrom + restTo; distance++) {
    for (let added = Math.max(0, distance - restFrom); added <= Math.min(distance, restTo); added++) {
      const line = from[x + distance - added];
      if (line !== undefined && line === to[y + added]) return [distance - added, added];
    }
  }
  return [restFrom, restTo];
}

/** Changes whose contexts touch share a hunk. */
function hunksOf(changes: readonly Change[]): Change[][] {
  const hunks: Change[][] = [];
  let previousEnd = -Infinity;
  for (const change of changes) {
    if (change.fromLine - previousEnd <= 2 * CONTEXT_LINES) hunks.at(-1)?.push(change);
    else hunks.push([change]);
    previousEnd = change.fromLine + change.removed.length;
  }
  return hunks;
}

function hunkLines(hunk: readonly Change[], from: readonly string[]): string[] {
  const output: string[] = [];
  const first = hunk[0]!;
  const start = Math.max(0, first.fromLine - CONTEXT_LINES);
  let x = start;
  const context = (end: number): void => {
    while (x < Math.min(end, from.length)) output.push(...shown(" ", from[x++]!));
  };
  let growth = 0;
  for (const change of hunk) {
    context(change.fromLine);
    for (const line of change.removed) output.push(...shown("-", line));
    for (const line of change.added) output.push(...shown("+", line));
    x += change.removed.length;
    growth += change.added.length - change.removed.length;
  }
  context(x + CONTEXT_LINES);
  const range = (offset: number, length: number): string => `${length === 0 ? offset : offset + 1},${length}`;
  const toStart = start + first.toLine - first.fromLine;
  return [`@@ -${range(start, x - start)} +${range(toStart, x - start + growth)} @@`, ...output];
}

function shown(sign: string, line: string): string[] {
  const text = sign + line.replace(/\r?\n$/, "");
  return line.endsWith("\n") ? [text] : [text, "\\ No newline at end of file"];
}
