/**
 * Checks data against a schema. The messages name the key and what it must be, and show only values that the
 * schema allows to be shown.
 *
 * @module
 */

import * as z from "zod";
import { printableLine } from "../lib/printable.ts";
import { redactAddress, redactUrls } from "../lib/redact.ts";
import { ConfigError, type ConfigIssue } from "./errors.ts";

/**
 * What messages may say about a key's value. By default only its kind: messages go to logs, hooks and pages,
 * and the value may be a secret, even one on the wrong line.
 */
interface Disclosure {
  /** The value as messages show it; `null`: do not show this one. */
  readonly show?: (value: unknown) => string | null;
  /** What the value must be and how to write it, unless its type says so. */
  readonly form?: string;
}

const disclosures = z.registry<Disclosure>();

/** Lets messages show the value; by default as {@linkcode describeWord} does. */
export function shown<S extends z.ZodType>(
  schema: S,
  show: NonNullable<Disclosure["show"]> = describeWord,
): S {
  disclosures.add(schema, { show });
  return schema;
}

/** Lets messages say how to write the value, without showing it. */
export function written<S extends z.ZodType>(form: string, schema: S): S {
  disclosures.add(schema, { form });
  return schema;
}

/** A list named `name` that is written as one table for each item. */
export function tables<S extends z.ZodType>(name: string, table: S): z.ZodArray<S> {
  const how = `write [[${name}]] above the keys of each`;
  return written(`a list of tables; ${how}`, z.array(written(`a table; ${how}`, table)));
}

/**
 * Checks `data`, which is at `path` in the file, against a schema.
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
    result.error.issues.flatMap((issue) => toConfigIssues(issue, schema, data, where.path)),
  );
}

/** `["routing", "mode"]` → `[routing] mode`; `["workers", "tiers", 0, "price"]` → `[workers] tiers[0].price`. */
export function keyOf(path: readonly PropertyKey[]): string {
  const [section, ...rest] = path;
  if (section === undefined) return "";
  const key = rest.map((step) => typeof step === "number" ? `[${step}]` : `.${String(step)}`).join("");
  return rest.length === 0 ? `[${String(section)}]` : `[${String(section)}] ${key.replace(/^\./, "")}`;
}

/** A value as the operator wrote it, shortened, with URLs cut to the host: `"5"`, `12`, `a list`. */
export function describe(value: unknown): string {
  const kind = kindOf(value);
  if (!["a string", "a number", "a boolean"].includes(kind)) return kind;
  const text = typeof value === "string" ? quote(redactUrls(value)) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** One word, or a number and its unit: a typing mistake, but not an address on the wrong line. */
const WORD = /^(?:[\p{L}\p{N}._%+,-]{0,24}|\d{1,9} \p{L}{1,12})$/u;

/** {@link describe}, but strings only if they are words; others may be a secret on the wrong line. */
function describeWord(value: unknown): string | null {
  return typeof value === "string" && !WORD.test(value) ? null : describe(value);
}

/** {@link describe}, but addresses only if they are just a host and port; others may hold a password. */
export function describeHost(value: unknown): string | null {
  return typeof value === "string" && redactAddress(value) !== value ? null : describe(value);
}

/** The value if it may be shown, else its kind: `it is "5"`, `it is a string, which is not shown`. */
export function tell(value: unknown, show?: Disclosure["show"]): string {
  const kind = kindOf(value);
  const hidden = ["a list", "a table"].includes(kind) ? kind : `${kind}, which is not shown`;
  return `it is ${show?.(value) ?? hidden}`;
}

function toConfigIssues(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  data: unknown,
  prefix: readonly string[],
): ConfigIssue[] {
  const path = [...prefix, ...issue.path];
  const key = keyOf(path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((name) => unknownKey(name, path));
  const value = valueAt(data, issue.path);
  if (value === undefined) return [{ key, message: "is missing; add it as in docs/configuration.md" }];
  const { show, form } = disclosureAt(schema, issue.path);
  return [{ key, message: `${wanted(issue, form)}; ${tell(value, show)}` }];
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: 'a string in quotes ("…")',
  object: "a table",
  array: "a list",
  boolean: "true or false",
};

function wanted(issue: z.core.$ZodIssue, form: string | undefined): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${form ?? TYPE_NAMES[issue.expected] ?? issue.expected}`;
    case "invalid_union":
      return "must be a string or a list of strings, none of them empty";
    case "invalid_value":
      return `must be one of ${issue.values.map(quote).join(", ")}`;
    default:
      return issue.message;
  }
}

/** Shows the name only if it looks like a key: someone may have swapped key and value. */
function unknownKey(name: string, table: readonly PropertyKey[]): ConfigIssue {
  if (/^(?=.{1,40}$)[a-z]+(?:[_-][a-z]+)*$/.test(name)) {
    return { key: keyOf([...table, name]), message: "is not a known key; remove it or correct its spelling" };
  }
  const message = "has an unknown key, which is not shown since it may be a value; " +
    "write key = value with a key from docs/configuration.md";
  return { key: keyOf(table), message };
}

function disclosureAt(schema: z.ZodType, path: readonly PropertyKey[]): Disclosure {
  const found = unwrapped(path.reduce<unknown>(childOf, schema));
  return found instanceof z.ZodType ? disclosures.get(found) ?? {} : {};
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
  if (typeof value === "string") return "a string";
  if (typeof value === "boolean") return "a boolean";
  return typeof value === "object" && value !== null ? "a table" : "a number";
}

/** Quotes as JSON does, and also escapes the control characters that JSON does not. */
function quote(value: unknown): string {
  return printableLine(JSON.stringify(value) ?? String(value));
}
