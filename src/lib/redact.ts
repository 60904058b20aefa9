/**
 * Keeps what belongs to nobody else out of logs, messages, pages and metrics.
 *
 * @module
 */

/** What ends a sentence or a list behind a URL, rather than the URL. */
const PUNCTUATION = "',;:.)]}";

/** A host, and a port where nothing but punctuation follows it: otherwise it may be the beginning of a password. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[^\s:"',;()[\]{}<>]+)(?::\d{1,5}(?=[',;:.)\]}]*$))?/i;

/**
 * Text with each URL cut down to scheme and host: providers put access keys into user names, paths and queries. Where
 * it is not clear what the host is, or where a URL ends, more is cut.
 *
 * `wss://user:key@node.example:443/v1/key?a=b` becomes `wss://node.example:443/…`.
 */
export function redactUrls(text: string): string {
  // A quote ends a URL, but for one that is escaped, as in JSON.
  return text.replace(/:\/\/((?:\\.|[^\s"\\])+)/g, (_url, rest: string) => `://${hostOf(rest)}`);
}

/**
 * What may be shown of a text that is an address as a whole, also when it has no scheme: `user:key@node.example/key`
 * becomes `node.example/…`.
 */
export function redactAddress(text: string): string {
  const [scheme = ""] = /^\s*[a-z][a-z0-9+.-]*:\/\//i.exec(text) ?? [];
  return `${scheme}${hostOf(text.slice(scheme.length))}`;
}

/** What a program's name or path consists of. Other signs make it an assignment or an address in the wrong place. */
const PROGRAM = /^[\p{L}\p{N}_.,+~/ -]+$/u;

/** The words of a command as they may be shown: its arguments may hold what is nobody else's. */
export function redactCommand(words: readonly string[]): readonly string[] {
  const [program, ...args] = words;
  if (program === undefined) return words;
  const shown = PROGRAM.test(program) ? program : "…";
  return args.length === 0 ? [shown] : [shown, "…"];
}

/** What stands behind the scheme, without what may be secret. */
function hostOf(rest: string): string {
  const [authority = ""] = /^[^/?#\\]*/.exec(rest) ?? [];
  const behind = rest.slice(authority.length);
  const hostAndPort = authority.slice(authority.lastIndexOf("@") + 1);
  // With an @ further on, what stands before it may all be a password.
  const [host = ""] = behind.includes("@") ? [] : HOST.exec(hostAndPort) ?? [];
  const tail = hostAndPort.slice(host.length) + behind;
  let end = tail.length;
  while (end > 0 && PUNCTUATION.includes(tail.charAt(end - 1))) end--;
  const cut = tail.slice(0, end);
  const shown = cut === "" || cut === "/" ? host : host === "" ? "…" : `${host}/…`;
  return `${shown}${tail.slice(end)}`;
}
