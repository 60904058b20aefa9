/**
 * Decides the value of each key and records where it came from, so that `ih-miner config` shows what the
 * agent uses.
 *
 * @module
 */

import { resolve } from "node:path";
import { type Environment, type EnvironmentName, expandHome } from "./environment.ts";
import { ConfigError, type ConfigIssue } from "./errors.ts";
import { parseDurationSeconds } from "./quantities.ts";
import { keyOf } from "./shape.ts";

/** One key in effect. */
export interface EffectiveSetting {
  /** `routing`, or `routing.targets[0]` for a table of a list. */
  readonly section: string;
  readonly key: string;
  /** As in TOML, with absolute paths and without credentials; `null` when not set. */
  readonly value: unknown;
  readonly from: "file" | "environment" | "default";
  /** The variable, when the value comes from the environment. */
  readonly variable: EnvironmentName | null;
}

/** A possible value of a key; `undefined` when its source does not set it. */
export interface Candidate<T> {
  readonly value: T | undefined;
  readonly from: "file" | "environment";
  readonly variable: EnvironmentName | null;
}

/** The value in the file. */
export function inFile<T>(value: T | undefined): Candidate<T> {
  return { value, from: "file", variable: null };
}

/** The value of an environment variable. */
export function inEnvironment<T>(variable: EnvironmentName, value: T | undefined): Candidate<T> {
  return { value, from: "environment", variable };
}

/** One pass over a configuration file: collects the values in effect and the mistakes. */
export class Resolution {
  readonly effective: EffectiveSetting[] = [];
  readonly issues: ConfigIssue[] = [];

  /** @param source the configuration file, for messages. */
  constructor(readonly source: string, readonly environment: Environment = {}) {}

  /** @param name `routing`, or `routing.targets[0]` for a table of a list. */
  section<Values extends object>(name: string, values: Values | undefined): Section<Values> {
    return new Section(this, name, values ?? {} as Values);
  }

  /** The absolute form of a path, which may start with `~/` or be relative to the working directory. */
  path(text: string): string;
  path(text: string | undefined): string | undefined;
  path(text: string | undefined): string | undefined {
    return text === undefined ? undefined : resolve(expandHome(text, this.environment));
  }

  /** @throws {ConfigError} when there are issues. */
  throwIssues(): void {
    if (this.issues.length > 0) throw new ConfigError(this.source, this.issues);
  }
}

/** One section, or one table of a list, while its keys are decided. */
export class Section<Values extends object> {
  constructor(
    readonly resolution: Resolution,
    readonly name: string,
    /** What the file sets. */
    readonly values: Values,
  ) {}

  /**
   * The file's value, else the default.
   *
   * @param show what people may see of the value.
   */
  pick<Key extends keyof Values & string, Default>(
    key: Key,
    defaultValue: Default,
    show?: (value: NonNullable<Values[Key] | Default>) => unknown,
  ): NonNullable<Values[Key]> | Default {
    const value = this.values[key] ?? undefined;
    return this.choose<NonNullable<Values[Key]> | Default>(key, [inFile(value)], defaultValue, show);
  }

  /** The seconds of a duration that the schema has checked. */
  pickSeconds(key: keyof Values & string, defaultValue: string): number {
    return parseDurationSeconds(String(this.pick(key, defaultValue)))!;
  }

  /** The first candidate that is set, else the default. */
  choose<T>(
    key: string,
    candidates: readonly Candidate<T>[],
    defaultValue: T,
    show: (value: NonNullable<T>) => unknown = (value) => value,
  ): T {
    const chosen = candidates.find(({ value }) => value !== undefined);
    const value = chosen?.value ?? defaultValue;
    const { from = "default", variable = null } = chosen ?? {};
    const shown = value === null || value === undefined ? null : show(value);
    this.resolution.effective.push({ section: this.name, key, value: shown, from, variable });
    return value;
  }

  /** Reports a mistake at a key of this section. */
  refuse(key: string, message: string): null {
    this.resolution.issues.push({ key: keyOf([...this.name.split("."), key]), message });
    return null;
  }
}
