/**
 * An HTML template tag that escapes every value except HTML made by the tag itself, and makes it printable.
 *
 * @module
 */

import { printable } from "../../lib/printable.ts";

/** A piece of HTML, made only by {@link html}. */
export class Html {
  constructor(readonly text: string) {}
}

/** A value of a template; `null` and `false` produce nothing. */
export type HtmlValue = string | number | Html | null | false | readonly HtmlValue[];

/** Makes HTML from a template literal. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(
    strings.reduce(
      (text, string, i) => `${text}${i === 0 ? "" : toText(values[i - 1] ?? null)}${string}`,
      "",
    ),
  );
}

function toText(value: HtmlValue): string {
  if (value === null || value === false) return "";
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(toText).join("");
  return escape(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
