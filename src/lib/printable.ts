/**
 * Makes text safe to show. Texts of nodes, miners, proxies and programs may contain characters that move a terminal's
 * cursor, change its colours or title, forge a line, or reorder what is read.
 *
 * @module
 */

/** C0, DEL and C1 controls, the controls of bidirectional text, and Unicode's separators of lines and paragraphs. */
const CONTROLS = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/**
 * Writes control characters as JSON does: `\u001b`. Line feeds and tabs stay. JSON remains JSON of the same value, so that
 * this also completes `JSON.stringify()`, which escapes only C0.
 */
export function printable(text: string): string {
  return text.replace(
    CONTROLS,
    (control) => control === "\n" || control === "\t" ? control : escaped(control),
  );
}

/** Like {@link printable}, for a text that must stay on one line: line feeds and tabs are escaped, too. */
export function printableLine(text: string): string {
  return text.replace(CONTROLS, escaped);
}

function escaped(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
