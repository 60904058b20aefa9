/**
 * Configuration mistakes.
 *
 * @module
 */

/** One mistake. */
export interface ConfigIssue {
  /** The key as in the file (`[workers] price_multiplier`), the variable, or the option; may be empty. */
  readonly key: string;
  /** What is wrong and how to fix it. */
  readonly message: string;
}

/** The configuration cannot be used. Carries every mistake found, not only the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  /** @param source the file, or other source, that has the mistakes. */
  constructor(readonly source: string, readonly issues: readonly ConfigIssue[], options?: ErrorOptions) {
    super(
      issues.map(({ key, message }) => [source, key, message].filter(Boolean).join(": ")).join("\n"),
      options,
    );
  }
}
