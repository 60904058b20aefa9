/**
 * The configuration in effect: for each key its value and where that came from.
 *
 * Whoever decides about a key does so with {@link EffectiveSettings.pick}, so that what `ih-miner config` shows is
 * what the agent goes by.
 *
 * @module
 */

import type { EnvironmentName } from "./environment.ts";

/** One key in effect. */
export interface EffectiveSetting {
  /** `routing`, or `routing.targets[0]` for a table of a list. */
  readonly section: string;
  readonly key: string;
  /** As TOML would have it, paths absolute, without credentials; `null`: not set. */
  readonly value: unknown;
  readonly from: "file" | "environment" | "default";
  /** The variable, when it is from the environment. */
  readonly variable: EnvironmentName | null;
}

/** A value that counts unless it is `undefined`. */
export interface Candidate<T> {
  readonly value: T | undefined;
  readonly from: "file" | "environment";
  readonly variable: EnvironmentName | null;
}

/** What the file says. */
export function inFile<T>(value: T | undefined): Candidate<T> {
  return { value, from: "file", variable: null };
}

/** What a variable says. */
export function inEnvironment<T>(variable: EnvironmentName, value: T | undefined): Candidate<T> {
  return { value, from: "environment", variable };
}

/** Decides about keys and keeps what was decided. */
export class EffectiveSettings {
  readonly #settings: EffectiveSetting[] = [];

  /** What was decided, in this order. */
  get list(): readonly EffectiveSetting[] {
    return this.#settings;
  }

  /**
   * The first candidate that is there, else the default.
   *
   * @param show what people may see of the value.
   */
  pick<T>(
    section: string,
    key: string,
    candidates: readonly Candidate<T>[],
    byDefault: T,
    show: (value: T) => unknown = (value) => value,
  ): T {
    const chosen = candidates.find(({ value }) => value !== undefined);
    const value = chosen?.value ?? byDefault;
    const { from = "default", variable = null } = chosen ?? {};
    this.#settings.push({ section, key, value: show(value) ?? null, from, variable });
    return value;
  }
}
