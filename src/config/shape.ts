/**
 * Holds data against a schema, and says what does not fit: where, what is wanted, and of the value only what the schema
 * lets be shown.
 *
 * @module
 */

import * as z from "zod";
import { redactAddress, redactUrls } from "../lib/redact.ts";
import { ConfigError, type ConfigIssue } from "./errors.ts";

/**
 * What messages may tell of a key. Where a schema says nothing, of its value only the kind is told: messages go to
 * logs, hooks and pages, and the value may be a secret, also one that stands in the wrong line.
 */
interface Telling {
  /** The value as messages show it; `null`: this one is not shown. */
  readonly show?: (value: unknown) => string | null;
  /** What the value must be and how that is written, where its type does not say. */
  readonly form?: string;
}

const tellings = z.registry<Telling>();

/** Lets messages show the value; by default, a text only where it is a word, as {@linkcode describeWord} has it. */
export function shown<S extends z.ZodType>(
  schema: S,
  show: NonNullable<Telling["show"]> = describeWord,
): S {
  tellings.add(schema, { show });
  return schema;
}

/** Lets messages say how the value is written; it is not shown. */
export function written<S extends z.ZodType>(form: string, schema: S): S {
  tellings.add(schema, { form });
  return schema;
}

/** A list that is written as a table for each item; `name` is that of the list. */
export function tables<S extends z.ZodType>(name: string, table: S): z.ZodArray<S> {
  const how = `write [[${name}]] above the keys of each`;
  return written(`a list of tables; ${how}`, z.array(written(`a table; ${how}`, table)));
}

/**
 * Checks `data` against a schema; `path` is where in the file it stands.
 *
 * @throws {ConfigError} with one issue for each mistake.
 */
export function checkAgainst<S extends z.ZodType>(
  schema: S,
  data: unknown,
  where: { readonly source: string; readonly path: readonly string[] },
): z.output<S> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  throw new ConfigError(
    where.source,
    result.error.issues.flatMap((issue) => toConfigIssues(issue, { schema, data, prefix: where.path })),
  );
}

/** `["routing", "mode"]` → `[routing] mode`; `["workers", "tiers", 0, "price"]` → `[workers] tiers[0].price`. */
export function keyOf(path: readonly PropertyKey[]): string {
  const [section, ...rest] = path;
  if (section === undefined) return "";
  const key = rest.map((step) => typeof step === "number" ? `[${step}]` : `.${String(step)}`).join("");
  return rest.length === 0 ? `[${String(section)}]` : `[${String(section)}] ${key.replace(/^\./, "")}`;
}

/** A value as an operator wrote it, shortened and with no more of a URL than its host: `"5"`, `12`, `a list`. */
export function describe(value: unknown): string {
  const kind = kindOf(value);
  if (!["a text", "a number", "a truth value"].includes(kind)) return kind;
  const text = typeof value === "string" ? quote(redactUrls(value)) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** One word, or a number and its unit: what is mistyped where a word belongs, and no address in the wrong line. */
const WORD = /^(?:[\p{L}\p{N}._%+,-]{0,24}|\d{1,9} \p{L}{1,12})$/u;

/** A value as {@link describe} has it, a text only when it is a word; otherwise it may be a secret in the wrong line. */
export function describeWord(value: unknown): string | null {
  return typeof value === "string" && !WORD.test(value) ? null : describe(value);
}

/** An address as {@link describe} has it when it is no more than a host and a port; otherwise it may hold a password. */
export function describeHost(value: unknown): string | null {
  return typeof value === "string" && redactAddress(value) !== value ? null : describe(value);
}

/** What a value is, and where it may be shown, the value: `it is "5"`, `it is a text, which is not shown`. */
export function tell(value: unknown, show?: Telling["show"]): string {
  const kind = kindOf(value);
  const hidden = ["a list", "a table"].includes(kind) ? kind : `${kind}, which is not shown`;
  return `it is ${show?.(value) ?? hidden}`;
}

/** Where {@link toConfigIssues} looks. */
interface Checked {
  readonly schema: z.ZodType;
  readonly data: unknown;
  readonly prefix: readonly string[];
}

function toConfigIssues(issue: z.core.$ZodIssue, { schema, data, prefix }: Checked): ConfigIssue[] {
  const path = [...prefix, ...issue.path];
  const key = keyOf(path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((name) => unknownKey(name, path));
  const value = valueAt(data, issue.path);
  if (value === undefined) return [{ key, message: "is missing; add it as in config.toml.example" }];
  const { show, form } = tellingAt(schema, issue.path);
  return [{ key, message: `${wanted(issue, form)}; ${tell(value, show)}` }];
}

function wanted(issue: z.core.$ZodIssue, form: string | undefined): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${form ?? articled(issue.expected)}`;
    case "invalid_union":
      return "must be a string or a list of strings, none of them empty";
    case "invalid_value":
      return `must be one of ${issue.values.map(quote).join(", ")}`;
    default:
      return issue.message;
  }
}

/** A key is named when it looks like one: where key and value were exchanged, it is a value. */
function unknownKey(name: string, table: readonly PropertyKey[]): ConfigIssue {
  if (/^(?=.{1,40}$)[a-z]+(?:[_-][a-z]+)*$/.test(name)) {
    return { key: keyOf([...table, name]), message: "is not a known key; remove it or correct its spelling" };
  }
  const message = "has a key that is not known, and not shown since it may be a value; " +
    "write key = value with a key of docs/configuration.md";
  return { key: keyOf(table), message };
}

/** What may be told of the value that a path leads to. */
function tellingAt(schema: z.ZodType, path: readonly PropertyKey[]): Telling {
  let at: unknown = schema;
  for (const step of path) at = childOf(at, step);
  const found = unwrapped(at);
  return found instanceof z.ZodType ? tellings.get(found) ?? {} : {};
}

function childOf(schema: unknown, step: PropertyKey): unknown {
  const parent = unwrapped(schema);
  if (parent instanceof z.ZodObject) return parent.shape[String(step)];
  if (parent instanceof z.ZodArray) return parent.element;
  if (!(parent instanceof z.ZodUnion)) return undefined;
  return parent.options.map((option) => childOf(option, step)).find((child) => child !== undefined);
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined,
    data,
  );
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "string") return "a text";
  if (typeof value === "boolean") return "a truth value";
  return typeof value === "object" && value !== null ? "a table" : "a number";
}

function articled(expected: string): string {
  const names: Record<string, string> = {
    int: "a whole number",
    number: "a number",
    string: 'a string in quotes ("…")',
    object: "a table",
    array: "a list",
    boolean: "true or false",
  };
  return names[expected] ?? expected;
}

/** As in JSON, and with the control characters escaped that JSON lets pass. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.replaceAll(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
