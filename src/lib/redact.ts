/**
 * Keeps secrets out of logs, messages, pages and metrics.
 *
 * @module
 */

/** Characters that, after a URL, belong to the sentence or list around it. */
const PUNCTUATION = "',;:.)]}";

/** A host and port. Digits followed by more than punctuation may be the beginning of a password instead. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[^\s:"',;()[\]{}<>]+)(?::\d{1,5}(?=[',;:.)\]}]*$))?/i;

/**
 * Cuts each URL in a text down to scheme and host: providers put access keys into user names, paths and
 * queries. Cuts more where the host, or the end of the URL, is ambiguous.
 *
 * `wss://user:key@node.example:443/v1/key?a=b` becomes `wss://node.example:443/…`.
 */
export function redactUrls(text: string): string {
  // A quote ends a URL unless it is escaped, as in JSON.
  return text.replace(/:\/\/((?:\\.|[^\s"\\])+)/g, (_url, rest: string) => `://${hostOf(rest)}`);
}

/** Cuts down one address, with or without a scheme: `user:key@node.example/key` → `node.example/…`. */
export function redactAddress(text: string): string {
  const [scheme = ""] = /^\s*[a-z][a-z0-9+.-]*:\/\//i.exec(text) ?? [];
  return `${scheme}${hostOf(text.slice(scheme.length))}`;
}

/** Characters of a program's name or path; others are from a misplaced assignment or address. */
const PROGRAM = /^[\p{L}\p{N}_.,+~/ -]+$/u;

/** The words of a command without its arguments, which may be secret. */
export function redactCommand(words: readonly string[]): readonly string[] {
  const [program, ...args] = words;
  if (program === undefined) return words;
  const shown = PROGRAM.test(program) ? program : "…";
  return args.length === 0 ? [shown] : [shown, "…"];
}

/** Cuts down what follows the scheme. */
function hostOf(rest: string): string {
  const [authority = ""] = /^[^/?#\\]*/.exec(rest) ?? [];
  const behind = rest.slice(authority.length);
  const hostAndPort = authority.slice(authority.lastIndexOf("@") + 1);
  // With an @ further on, everything before it may be a password.
  const [host = ""] = behind.includes("@") ? [] : HOST.exec(hostAndPort) ?? [];
  const tail = hostAndPort.slice(host.length) + behind;
  let end = tail.length;
  while (end > 0 && PUNCTUATION.includes(tail.charAt(end - 1))) end--;
  const cut = tail.slice(0, end);
  const shown = cut === "" || cut === "/" ? host : host === "" ? "…" : `${host}/…`;
  return `${shown}${tail.slice(end)}`;
}
