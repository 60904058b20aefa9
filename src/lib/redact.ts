/**
 * Keeps what belongs to nobody else out of pages and metrics.
 *
 * @module
 */

/**
 * Text with each URL cut down to scheme and host: providers put access keys into user names, paths and queries. Where
 * it is not clear where a URL ends, more is cut.
 *
 * `wss://user:key@node.example:443/v1/key?a=b` becomes `wss://node.example:443/…`.
 */
export function redactUrls(text: string): string {
  return text.replace(
    /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#"@]*@)?(\[[0-9a-f:.]+\](?::\d+)?|[^\s/?#"',;)\]}]+)([/?#][^\s"]*?(?=[',;:.)\]}]*(?:["\s]|$)))?/gi,
    (_url, scheme: string, host: string, rest: string | undefined) =>
      `${scheme}${host}${rest === undefined || rest === "/" ? "" : "/…"}`,
  );
}

/** The words of a command as they may be shown: its arguments may hold what is nobody else's. */
export function redactCommand(words: readonly string[]): readonly string[] {
  const [program, ...args] = words;
  return program === undefined || args.length === 0 ? words : [program, "…"];
}
