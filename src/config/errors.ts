/**
 * What is wrong with a configuration, in words an operator can act on.
 *
 * @module
 */

/** One mistake: where it is and what to do. */
export interface ConfigIssue {
  /** The key as it stands in the file (`[workers] price_multiplier`), the variable, or the option. */
  readonly key: string;
  /** What is wrong and how to mend it. */
  readonly message: string;
}

/** The configuration cannot be used. Carries every mistake that was found, not only the first. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(
    /** The file (or other source) the mistakes are in. */
    readonly source: string,
    readonly issues: readonly ConfigIssue[],
    options?: ErrorOptions,
  ) {
    super(
      issues.map(({ key, message }) => `${source}: ${key === "" ? message : `${key}: ${message}`}`).join(
        "\n",
      ),
      options,
    );
  }
}
