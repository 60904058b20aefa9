/**
 * Editing a TOML file that belongs to somebody else: only the bytes of the touched keys change.
 *
 * The library's own `patch` takes a comment that stands right above a removed key along with it, and comments
 * survive here (spec, section 6). So the library's syntax tree says where a key stands, and the text is cut there.
 *
 * @module
 */

import { patch } from "@decimalturn/toml-patch";
import { isDeepStrictEqual } from "node:util";
import { isTable, parseToml, parseTomlTree, type TomlBlock, type TomlTable } from "./toml.ts";

/** Where a table stands in the data: keys, and indices into arrays; `["pools", "main", 0]`. */
export type TomlPath = readonly (string | number)[];

/** One change to one key of one table. The table must be there. */
export type TomlEdit =
  /** Gives the key a value; a key that is missing comes behind the table's last one. */
  | { readonly op: "set"; readonly table: TomlPath; readonly key: string; readonly value: string | number }
  /** Removes the key; a comment behind it on its line stays. A key that is missing is fine. */
  | { readonly op: "remove"; readonly table: TomlPath; readonly key: string }
  /** Puts another key with a value of its own in the key's place. */
  | {
    readonly op: "replace";
    readonly table: TomlPath;
    readonly key: string;
    readonly newKey: string;
    readonly value: string | number;
  };

type KeyValue = Extract<TomlBlock, { type: "KeyValue" }>;
type Value = KeyValue["value"];

/** A table of the data and the places in the text that it is written at. */
interface Site {
  /** Whether it stands in braces. */
  readonly inline: boolean;
  /** The rows written in the table itself, in their order. */
  readonly rows: KeyValue[];
  /** Those of them that assign a key of this very table: not dotted. */
  readonly own: Map<string, KeyValue>;
  /** Sub-tables and arrays, by key. */
  readonly children: Map<string, Site | Site[]>;
}

/**
 * Applies edits to a text. Everything but the edited keys stays as it is, byte for byte: comments, order,
 * spaces, line endings (mixed ones, too), byte order mark, final newline or none.
 *
 * A key that is itself written as a table (`[pools.main.weight]`) is left to the library, which keeps less.
 *
 * @returns the new text
 * @throws {TomlError} when the text is not TOML
 * @throws {RangeError} when a table is not there
 */
export function editToml(text: string, edits: readonly TomlEdit[], options: { source: string }): string {
  const bom = text.startsWith("\ufeff") ? "\ufeff" : "";
  const body = text.slice(bom.length);
  const wanted = parseToml(body, { ...options, bigintIntegers: "always" });
  const root = siteOf(parseTomlTree(body, options));
  const lines = new Lines(body);
  const cuts: Cut[] = [];
  let library = false;
  for (const edit of edits) {
    const table = tableAt(wanted, edit.table);
    const before = Object.hasOwn(table, edit.key);
    applyToData(table, edit);
    if (edit.op !== "set" && !before) continue;
    const cut = cutFor(edit, findSite(root, edit.table), lines);
    if (cut === undefined) library = true;
    else cuts.push(cut);
  }
  const after = library ? patch(body, wanted) : applyCuts(body, cuts);
  // A safety net under the cutting: a wrong cut must never reach the operator's file.
  if (!isDeepStrictEqual(parseToml(after, { ...options, bigintIntegers: "always" }), wanted)) {
    throw new Error(
      `Cannot edit ${options.source}: the edited text does not say what it should; file left as it is`,
    );
  }
  return bom + after;
}

/** A piece of the text, `[start, end)`, and what comes in its place. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function applyCuts(text: string, cuts: readonly Cut[]): string {
  let result = "";
  let position = 0;
  for (const cut of [...cuts].sort((a, b) => a.start - b.start)) {
    result += text.slice(position, cut.start) + cut.text;
    position = cut.end;
  }
  return result + text.slice(position);
}

function tableAt(data: TomlTable, path: TomlPath): TomlTable {
  let value: unknown = data;
  for (const step of path) {
    const isStep = typeof step === "number"
      ? Array.isArray(value)
      : isTable(value) && Object.hasOwn(value, step);
    value = isStep ? (value as TomlTable)[step] : undefined;
  }
  if (!isTable(value)) throw new RangeError(`Cannot edit ${path.join(".")}: there is no such table`);
  return value;
}

function applyToData(table: TomlTable, edit: TomlEdit): void {
  if (edit.op === "set") {
    table[edit.key] = dataOf(edit.value);
  } else if (Object.hasOwn(table, edit.key)) {
    delete table[edit.key];
    if (edit.op === "replace") table[edit.newKey] = dataOf(edit.value);
  }
}

function dataOf(value: string | number): string | bigint | number {
  return Number.isInteger(value) ? BigInt(value) : value;
}

function textOf(value: string | number): string {
  // JSON's escapes are a subset of TOML's, but for DEL, which TOML wants escaped.
  return typeof value === "number" ? String(value) : JSON.stringify(value).replaceAll("\x7f", "\\u007f");
}

function keyText(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : textOf(key);
}

/** The cut for one edit; `undefined` when the key or the table is not written as a plain row. */
function cutFor(edit: TomlEdit, site: Site | undefined, lines: Lines): Cut | undefined {
  const row = site?.own.get(edit.key);
  if (site === undefined || (row === undefined && site.children.has(edit.key))) return undefined;
  if (edit.op === "set") {
    const assignment = `${keyText(edit.key)} = ${textOf(edit.value)}`;
    return row === undefined
      ? insertion(assignment, site, lines)
      : { ...lines.span(row.value.loc), text: textOf(edit.value) };
  }
  if (row === undefined) return undefined;
  if (edit.op === "replace") {
    return { ...lines.span(row.loc), text: `${keyText(edit.newKey)} = ${textOf(edit.value)}` };
  }
  return site.inline ? inlineRemoval(row, site, lines) : lineRemoval(row, lines);
}

/** A new row behind the table's last one, with its indentation and line ending. */
function insertion(assignment: string, site: Site, lines: Lines): Cut | undefined {
  const last = site.rows.at(-1);
  if (last === undefined) return undefined;
  const { start, end } = lines.span(last.loc);
  if (site.inline) return { start: end, end, text: `, ${assignment}` };
  const lineEnd = lines.contentEnd(end);
  const text = lines.newlineAt(end) + lines.indentation(start) + assignment;
  return { start: lineEnd, end: lineEnd, text };
}

/** A row under a header: its whole line, or, when a comment stands behind it, all but that. */
function lineRemoval(row: KeyValue, lines: Lines): Cut {
  const { start, end } = lines.span(row.loc);
  const rest = lines.text.slice(end, lines.contentEnd(end));
  if (rest.trim() !== "") return { start, end: end + rest.length - rest.trimStart().length, text: "" };
  const lineStart = lines.lineStart(start);
  const next = lines.nextLineStart(end);
  // The last line of a file without final newline takes the newline before it along: there is still none.
  const hasNewline = next > lines.contentEnd(end);
  return { start: hasNewline ? lineStart : lines.previousContentEnd(start), end: next, text: "" };
}

/** A row in braces, with the comma that belongs to it. */
function inlineRemoval(row: KeyValue, site: Site, lines: Lines): Cut {
  const index = site.rows.indexOf(row);
  const next = site.rows[index + 1];
  const previous = site.rows[index - 1];
  const { start, end } = lines.span(row.loc);
  const between = next === undefined ? "" : lines.text.slice(end, lines.span(next.loc).start);
  if (next !== undefined && !between.includes("#")) return { start, end: end + between.length, text: "" };
  const gapStart = previous === undefined ? start : lines.span(previous.loc).end;
  const gap = lines.text.slice(gapStart, start);
  if (next === undefined && previous !== undefined && !gap.includes("#")) {
    return { start: gapStart, end, text: "" };
  }
  // A comment stands beside it: take the row and the comma behind it, leave the comment.
  const comma = /^\s*,/.exec(lines.text.slice(end));
  return { start, end: end + (comma?.[0].length ?? 0), text: "" };
}

function findSite(root: Site, path: TomlPath): Site | undefined {
  let current: Site | Site[] | undefined = root;
  for (const step of path) {
    if (current === undefined) return undefined;
    current = Array.isArray(current)
      ? (typeof step === "number" ? current[step] : undefined)
      : (typeof step === "string" ? current.children.get(step) : undefined);
  }
  return Array.isArray(current) ? undefined : current;
}

function newSite(inline = false): Site {
  return { inline, rows: [], own: new Map(), children: new Map() };
}

/** Reads the syntax tree of a whole text into sites. */
function siteOf(blocks: readonly TomlBlock[]): Site {
  const root = newSite();
  for (const block of blocks) {
    if (block.type === "KeyValue") {
      addRow(root, block);
    } else if (block.type === "Table" || block.type === "TableArray") {
      const keys = block.key.item.value;
      const parent = descend(root, keys.slice(0, -1));
      const key = keys.at(-1) ?? "";
      let site: Site;
      if (block.type === "Table") {
        site = descend(parent, [key]);
      } else {
        site = newSite();
        const known = parent.children.get(key);
        if (Array.isArray(known)) known.push(site);
        else parent.children.set(key, [site]);
      }
      for (const row of block.items) if (row.type === "KeyValue") addRow(site, row);
    }
  }
  return root;
}

/** The table that a header's or a dotted key's leading names mean: of an array, its last table. */
function descend(from: Site, keys: readonly string[]): Site {
  let site = from;
  for (const key of keys) {
    const child = site.children.get(key);
    const next = (Array.isArray(child) ? child.at(-1) : child) ?? newSite();
    if (child === undefined) site.children.set(key, next);
    site = next;
  }
  return site;
}

function addRow(site: Site, row: KeyValue): void {
  site.rows.push(row);
  const key = row.key.value.at(-1) ?? "";
  const owner = descend(site, row.key.value.slice(0, -1));
  const child = childOf(row.value);
  if (child !== undefined) owner.children.set(key, child);
  if (row.key.value.length === 1) owner.own.set(key, row);
}

/** The sites inside a value written in braces or brackets. */
function childOf(value: Value): Site | Site[] | undefined {
  if (value.type === "InlineTable") {
    const site = newSite(true);
    for (const entry of value.items) addRow(site, entry.item);
    return site;
  }
  if (value.type === "InlineArray") {
    // An entry that is no table keeps its place, so that indices are those of the data.
    return value.items.map((entry) => {
      const child = childOf(entry.item as Value);
      return child === undefined || Array.isArray(child) ? newSite() : child;
    });
  }
  return undefined;
}

/** Offsets of a text's lines. */
class Lines {
  readonly text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.text = text;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }

  /** The offsets of a place in the library's syntax tree. */
  span(loc: Value["loc"]): { start: number; end: number } {
    const offset = ({ line, column }: { line: number; column: number }): number =>
      (this.#starts[line - 1] ?? 0) + column;
    return { start: offset(loc.start), end: offset(loc.end) };
  }

  lineStart(offset: number): number {
    return this.text.lastIndexOf("\n", offset - 1) + 1;
  }

  nextLineStart(offset: number): number {
    const newline = this.text.indexOf("\n", offset);
    return newline < 0 ? this.text.length : newline + 1;
  }

  /** Where the line's content ends: before its LF or CRLF. */
  contentEnd(offset: number): number {
    const newline = this.text.indexOf("\n", offset);
    if (newline < 0) return this.text.length;
    return this.text[newline - 1] === "\r" ? newline - 1 : newline;
  }

  /** Where the content of the line before ends. */
  previousContentEnd(offset: number): number {
    const start = this.lineStart(offset);
    return start === 0 ? 0 : this.contentEnd(start - 1);
  }

  /** The line ending of the line, or, when it is the last and has none, of the file's first. */
  newlineAt(offset: number): string {
    const own = this.text.slice(this.contentEnd(offset), this.nextLineStart(offset));
    return own || this.text.slice(this.contentEnd(0), this.nextLineStart(0)) || "\n";
  }

  indentation(offset: number): string {
    return /^[ \t]*/.exec(this.text.slice(this.lineStart(offset), offset))?.[0] ?? "";
  }
}
