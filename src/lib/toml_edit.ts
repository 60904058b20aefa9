/**
 * Editing a TOML file that belongs to another program: only the bytes of the edited keys change.
 *
 * The library's own `patch` also removes a comment right above a removed key, and comments must survive
 * (spec, section 6). So this module takes the keys' positions from the library's syntax tree and cuts the
 * text there.
 *
 * @module
 */

import { patch } from "@decimalturn/toml-patch";
import { isDeepStrictEqual } from "node:util";
import { isTable, parseToml, parseTomlTree, type TomlBlock, type TomlTable } from "./toml.ts";

/** The path of a table in the data: keys, and indices into arrays; `["pools", "main", 0]`. */
export type TomlPath = readonly (string | number)[];

/** One change to one key of one table. The table must exist. */
export type TomlEdit =
  /** Sets the key; a missing key is added after the table's last one. */
  | { readonly op: "set"; readonly table: TomlPath; readonly key: string; readonly value: string | number }
  /** Removes the key but keeps a comment after it on its line. A missing key is fine. */
  | { readonly op: "remove"; readonly table: TomlPath; readonly key: string }
  /** Replaces the key, if it exists, by another key with another value. */
  | {
    readonly op: "replace";
    readonly table: TomlPath;
    readonly key: string;
    readonly newKey: string;
    readonly value: string | number;
  };

type KeyValue = Extract<TomlBlock, { type: "KeyValue" }>;
type Value = KeyValue["value"];

/** Where the text defines one table of the data. */
interface Site {
  /** Whether the table is written in braces. */
  readonly inline: boolean;
  /** The rows written in the table itself, in file order. */
  readonly rows: KeyValue[];
  /** Sub-tables and arrays, by key. */
  readonly children: Map<string, Site | Site[]>;
}

/** Replaces `[start, end)` of the text by `text`. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Applies edits to a text. Everything but the edited keys stays as it is, byte for byte: comments, order,
 * spaces, line endings (mixed ones, too), byte order mark, final newline or none.
 *
 * The library edits a key that is itself written as a table (`[pools.main.weight]`); it preserves less.
 *
 * @returns the new text
 * @throws {TomlError} when the text is not TOML
 * @throws {RangeError} when a table does not exist
 */
export function editToml(text: string, edits: readonly TomlEdit[], options: { source: string }): string {
  const bom = text.startsWith("\ufeff") ? "\ufeff" : "";
  const body = text.slice(bom.length);
  const wanted = parseToml(body, { ...options, bigintIntegers: "always" });
  const root = siteOf(parseTomlTree(body, options));
  const cuts: (Cut | undefined)[] = [];
  for (const edit of edits) {
    const table = tableAt(wanted, edit.table);
    if (edit.op !== "set" && !Object.hasOwn(table, edit.key)) continue;
    applyToData(table, edit);
    cuts.push(cutFor(edit, findSite(root, edit.table), body));
  }
  const after = cuts.every((cut) => cut !== undefined) ? applyCuts(body, cuts) : patch(body, wanted);
  // A wrong cut must never reach the operator's file.
  if (!isDeepStrictEqual(parseToml(after, { ...options, bigintIntegers: "always" }), wanted)) {
    throw new Error(
      `Cannot edit ${options.source}: the edited text would not have the intended values; file left unchanged`,
    );
  }
  return bom + after;
}

function applyCuts(text: string, cuts: readonly Cut[]): string {
  // From the end, so that the offsets stay valid; insertions at the same place keep their order.
  return cuts.toReversed().toSorted((a, b) => b.start - a.start)
    .reduce((rest, cut) => rest.slice(0, cut.start) + cut.text + rest.slice(cut.end), text);
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
  if (edit.op !== "set") delete table[edit.key];
  if (edit.op === "remove") return;
  const { value } = edit;
  table[edit.op === "set" ? edit.key : edit.newKey] = Number.isInteger(value) ? BigInt(value) : value;
}

/** A value as TOML writes it. */
export function tomlValue(value: string | number): string {
  // JSON's escapes are a subset of TOML's, except for DEL, which TOML requires to be escaped.
  return typeof value === "number" ? String(value) : JSON.stringify(value).replaceAll("\x7f", "\\u007f");
}

function assignment(key: string, value: string | number): string {
  return `${/^[A-Za-z0-9_-]+$/.test(key) ? key : tomlValue(key)} = ${tomlValue(value)}`;
}

/** The cut for one edit; `undefined` when the key or the table is not written as a plain row. */
function cutFor(edit: TomlEdit, site: Site | undefined, text: string): Cut | undefined {
  const row = site?.rows.find(({ key: { value: names } }) => names.length === 1 && names[0] === edit.key);
  if (site === undefined || (row === undefined && site.children.has(edit.key))) return undefined;
  if (row === undefined) {
    return edit.op === "set" ? insertion(assignment(edit.key, edit.value), site, text) : undefined;
  }
  switch (edit.op) {
    case "set":
      return { ...spanOf(row.value.loc, text), text: tomlValue(edit.value) };
    case "replace":
      return { ...spanOf(row.loc, text), text: assignment(edit.newKey, edit.value) };
    case "remove":
      return site.inline ? inlineRemoval(row, site, text) : lineRemoval(row, text);
  }
}

/** Adds a row after the table's last one, with the same indentation and line ending. */
function insertion(row: string, site: Site, text: string): Cut | undefined {
  const last = site.rows.at(-1);
  if (last === undefined) return undefined;
  const { start, end } = spanOf(last.loc, text);
  if (site.inline) return { start: end, end, text: `, ${row}` };
  const lineEnd = end + text.slice(end).search(/\r?\n|$/);
  const [newline] = /^\r?\n/.exec(text.slice(lineEnd)) ?? /\r?\n/.exec(text) ?? ["\n"];
  const [indentation = ""] = /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", start) + 1, start)) ?? [];
  return { start: lineEnd, end: lineEnd, text: newline + indentation + row };
}

/** Removes a row under a header: its whole line or, when a comment follows it, all but the comment. */
function lineRemoval(row: KeyValue, text: string): Cut {
  const { start, end } = spanOf(row.loc, text);
  const [gap = "", newline = ""] = /^[^\S\n]*(\n?)/.exec(text.slice(end)) ?? [];
  const next = end + gap.length;
  if (newline === "" && next < text.length) return { start, end: next, text: "" };
  // A last line without a newline takes the one before it along, so that the file still ends without one.
  const before = newline === "" ? /(?:\r?\n)?[^\n]*$/ : /[^\n]*$/;
  return { start: text.slice(0, start).search(before), end: next, text: "" };
}

/** Removes a row in braces and its comma. */
function inlineRemoval(row: KeyValue, site: Site, text: string): Cut {
  const index = site.rows.indexOf(row);
  const next = site.rows[index + 1];
  const previous = site.rows[index - 1];
  const { start, end } = spanOf(row.loc, text);
  const between = next === undefined ? "" : text.slice(end, spanOf(next.loc, text).start);
  if (next !== undefined && !between.includes("#")) return { start, end: end + between.length, text: "" };
  const gapStart = previous === undefined ? start : spanOf(previous.loc, text).end;
  if (next === undefined && previous !== undefined && !text.slice(gapStart, start).includes("#")) {
    return { start: gapStart, end, text: "" };
  }
  // Keep the comment beside the row: remove only the row and the comma after it.
  const [comma = ""] = /^\s*,/.exec(text.slice(end)) ?? [];
  return { start, end: end + comma.length, text: "" };
}

/** The site of a table that {@link tableAt} found; `undefined` when the text does not write it as one. */
function findSite(root: Site, path: TomlPath): Site | undefined {
  let current: Site | Site[] | undefined = root;
  for (const step of path) {
    current = Array.isArray(current) ? current[Number(step)] : current?.children.get(String(step));
  }
  return Array.isArray(current) ? undefined : current;
}

function newSite(inline = false): Site {
  return { inline, rows: [], children: new Map() };
}

/** Converts the syntax tree of a whole text into sites. */
function siteOf(blocks: readonly TomlBlock[]): Site {
  const root = newSite();
  for (const block of blocks) {
    if (block.type === "KeyValue") {
      addRow(root, block);
    } else if (block.type === "Table" || block.type === "TableArray") {
      const keys = block.key.item.value;
      const parent = descend(root, keys.slice(0, -1));
      const key = keys.at(-1) ?? "";
      if (block.type === "TableArray") {
        const earlier = parent.children.get(key);
        parent.children.set(key, [...(Array.isArray(earlier) ? earlier : []), newSite()]);
      }
      const site = descend(parent, [key]);
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
  const owner = descend(site, row.key.value.slice(0, -1));
  const child = childOf(row.value);
  if (child !== undefined) owner.children.set(row.key.value.at(-1) ?? "", child);
}

/** The sites inside a value written in braces or brackets. */
function childOf(value: Value): Site | Site[] | undefined {
  if (value.type === "InlineTable") {
    const site = newSite(true);
    for (const entry of value.items) addRow(site, entry.item);
    return site;
  }
  if (value.type !== "InlineArray") return undefined;
  // An entry that is not a table gets an empty site, so that the indices match those of the data.
  return value.items.map((entry) => {
    const child = childOf(entry.item as Value);
    return child === undefined || Array.isArray(child) ? newSite() : child;
  });
}

/** The offsets of a node of the syntax tree, whose lines count from 1 and columns from 0. */
function spanOf({ start, end }: Value["loc"], text: string): { start: number; end: number } {
  const lines = text.split("\n");
  const offsetOf = ({ line, column }: typeof start): number =>
    lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, column);
  return { start: offsetOf(start), end: offsetOf(end) };
}
