/**
 * A family of fuzz cases: a generator, and the property that each of its values must have.
 *
 * @module
 */

import assert from "node:assert/strict";
import { AssertionError } from "node:assert";
import process from "node:process";
import fc from "fast-check";

/** A generator with its property. */
export interface Family {
  /** As `--family` takes it. */
  readonly name: string;
  /** What holds for each case, for the table and as the name of the test. */
  readonly holds: string;
  /** How many cases the test command tries. */
  readonly sample: number;
  /** Why this family cannot be tried here; `null` if it can. */
  readonly missing: string | null;
  /** Tries a number of cases; the same seed gives the same ones. */
  readonly run: (options: BatchOptions) => Promise<Batch>;
  /** Ends what the cases share. */
  readonly close: () => Promise<void>;
}

export interface BatchOptions {
  readonly seed: number;
  readonly cases: number;
}

/** What became of the cases of one seed. */
export interface Batch {
  readonly cases: number;
  readonly find: Find | null;
}

/** A case without the property. */
export interface Find {
  readonly seed: number;
  /** The smallest such case that fast-check came to, as text. */
  readonly shrunk: string;
  /** What is wrong with it. */
  readonly error: Error;
}

/** What a family is made of. */
export interface FamilyOptions<Case> extends Pick<Family, "name" | "holds" | "sample"> {
  readonly cases: fc.Arbitrary<Case>;
  /** Throws if a case lacks the property. */
  readonly check: (value: Case) => void | Promise<void>;
  /** How much of the processor one case may take, in milliseconds. @default {2000} */
  readonly limitMs?: number;
  readonly missing?: string | null;
  readonly close?: () => Promise<void>;
}

/** How many times as long a case may take in all: other programs may have the processor. */
const PATIENCE = 15;
/** How long fast-check may look for a smaller case. */
const SHRINK_LIMIT_MS = 30_000;

/** Defines a family. */
export function family<Case>(options: FamilyOptions<Case>): Family {
  const { name, holds, sample, cases, check, limitMs = 2000, missing = null } = options;
  const { close = () => Promise.resolve() } = options;
  const timed = async (value: Case): Promise<void> => {
    const startMs = performance.now();
    const used = process.cpuUsage();
    await check(value);
    const { user, system } = process.cpuUsage(used);
    const cpuMs = (user + system) / 1000;
    assert.ok(cpuMs <= limitMs, `it takes ${Math.round(cpuMs)} ms of the processor, more than ${limitMs}`);
    const waitedMs = performance.now() - startMs;
    assert.ok(
      waitedMs <= limitMs * PATIENCE,
      `it takes ${Math.round(waitedMs)} ms, more than ${limitMs * PATIENCE}`,
    );
  };
  const run = async ({ seed, cases: numRuns }: BatchOptions): Promise<Batch> => {
    let foundMs = Infinity;
    const property = fc.asyncProperty(cases, async (value) => {
      fc.pre(performance.now() < foundMs + SHRINK_LIMIT_MS);
      try {
        await timed(value);
      } catch (error) {
        foundMs = Math.min(foundMs, performance.now());
        throw error;
      }
    });
    const details = await fc.check(property, { seed, numRuns });
    if (!details.failed) return { cases: details.numRuns, find: null };
    const shrunk = fc.stringify(details.counterexample?.[0]);
    return { cases: details.numRuns, find: { seed, shrunk, error: details.errorInstance as Error } };
  };
  return { name, holds, sample, missing, run, close };
}

// deno-lint-ignore no-explicit-any -- the constructors of errors take all kinds of arguments
type ErrorClass = abstract new (...args: any[]) => Error;

/**
 * What a call returns; `null` if it throws an error of one of these classes. Any other error is a find: it would reach the user
 * without file, key and remedy.
 */
export function unlessRefused<T>(classes: readonly ErrorClass[], call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    return refusal(classes, error);
  }
}

/** {@linkcode unlessRefused} for a promise. */
export async function unlessRejected<T>(
  classes: readonly ErrorClass[],
  promise: Promise<T>,
): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    return refusal(classes, error);
  }
}

/** The most characters that an error may have, whatever it is about. */
const MAX_MESSAGE = 20_000;

function refusal(classes: readonly ErrorClass[], error: unknown): null {
  if (error instanceof AssertionError) throw error;
  if (!classes.some((known) => error instanceof known)) {
    throw new Error(
      `an error of another class came out: ${error instanceof Error ? error.stack : String(error)}`,
      { cause: error },
    );
  }
  const { message } = error as Error;
  assert.ok(message.length <= MAX_MESSAGE, `the error has ${message.length} characters`);
  return null;
}
