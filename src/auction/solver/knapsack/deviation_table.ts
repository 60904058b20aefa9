/**
 * All ways in which some classes can deviate from the relaxation within an allowance, as distinct pairs (cost change,
 * loss), each with one way to reach it.
 *
 * @module
 */

import type { Effort } from "./effort.ts";
import { gcd } from "../../../lib/gcd.ts";

/** A class that may deviate up to `limit` times. */
export interface Step {
  readonly costChange: number;
  readonly loss: number;
  readonly limit: number;
}

/** The constraints of complete solutions; states that cannot become part of one are dropped. */
export interface CompletionRules {
  /** The exact total loss of a complete solution, that of its slack included. */
  readonly allowance: number;
  /** Loss per unit of slack, or `null` when there may be no slack. */
  readonly slackLoss: number | null;
  /** Deviations made elsewhere, in addition to those of this table. */
  readonly otherSteps: readonly Step[];
  /** The total cost change of all deviations, free workers and slack in a complete solution. */
  readonly residual: number;
  /** The most that free workers, here and elsewhere, can add. */
  readonly freeTotal: number;
}

const EMPTY = -1;
const FIRST_CAPACITY = 256;
/** See `search.ts`: bounds from doubles are rounded down. */
const BOUND_SAFETY = 1 - 1e-9;

/** A growing table of distinct states. State 0 is "no deviation". */
export class DeviationTable {
  /** False when a limit ended the enumeration: states may be missing. */
  readonly complete: boolean;
  #length = 0;
  #costChanges = new Float64Array(FIRST_CAPACITY);
  #losses = new Float64Array(FIRST_CAPACITY);
  #parents = new Int32Array(FIRST_CAPACITY);
  #steps = new Int32Array(FIRST_CAPACITY);
  #copies = new Int32Array(FIRST_CAPACITY);
  /** Open addressing, at most half full. */
  #slots = new Int32Array(2 * FIRST_CAPACITY).fill(EMPTY);
  readonly #stepCount: number;

  constructor(steps: readonly Step[], rules: CompletionRules, effort: Effort) {
    this.#stepCount = steps.length;
    this.#insert(0, 0, 0, 0, 0);
    this.complete = this.#enumerate(steps, rules, effort);
  }

  /** Number of states. */
  get length(): number {
    return this.#length;
  }

  costChangeOf(state: number): number {
    return this.#costChanges[state]!;
  }

  lossOf(state: number): number {
    return this.#losses[state]!;
  }

  /** The state with this pair, or -1. */
  indexOf(costChange: number, loss: number): number {
    return this.#slots[this.#slotOf(costChange, loss)]!;
  }

  /** One way to reach a state: how often each step was taken. */
  copiesOf(state: number): number[] {
    const copies = new Array<number>(this.#stepCount).fill(0);
    for (let at = state; at !== 0; at = this.#parents[at]!) copies[this.#steps[at]!] = this.#copies[at]!;
    return copies;
  }

  #enumerate(steps: readonly Step[], rules: CompletionRules, effort: Effort): boolean {
    const { allowance, residual, freeTotal } = rules;
    // The cheapest ways to move the cost that remain after each step, and elsewhere.
    const rates = { removal: Infinity, addition: rules.slackLoss ?? Infinity, gcd: rules.slackLoss ?? 0 };
    const widen = (step: Step): void => {
      if (step.limit === 0) return;
      const rate = step.loss / Math.abs(step.costChange);
      if (step.costChange < 0) rates.removal = Math.min(rates.removal, rate);
      else rates.addition = Math.min(rates.addition, rate);
      rates.gcd = gcd(rates.gcd, step.loss);
    };
    rules.otherSteps.forEach(widen);
    const after = new Array<typeof rates>(steps.length);
    for (let index = steps.length - 1; index >= 0; index--) {
      after[index] = { ...rates };
      widen(steps[index]!);
    }
    for (let index = 0; index < steps.length; index++) {
      const step = steps[index]!;
      const follow = after[index]!;
      const known = this.#length;
      for (let state = 0; state < known; state++) {
        if ((state & 0xfff) === 0 && effort.isSpent()) return false;
        let costChange = this.#costChanges[state]!;
        let loss = this.#losses[state]!;
        for (let copies = 1; copies <= step.limit; copies++) {
          costChange += step.costChange;
          loss += step.loss;
          const left = allowance - loss;
          if (left < 0) break;
          if (follow.gcd === 0 ? left !== 0 : left % follow.gcd !== 0) continue;
          const room = residual - costChange;
          if (room < 0 && -room * follow.removal * BOUND_SAFETY > left) continue;
          if (room > freeTotal && (room - freeTotal) * follow.addition * BOUND_SAFETY > left) continue;
          this.#insert(costChange, loss, state, index, copies);
        }
        if (this.#length > effort.stateLimit) return false;
      }
    }
    return true;
  }

  #insert(costChange: number, loss: number, parent: number, step: number, copies: number): void {
    if (this.#length === this.#costChanges.length) this.#grow();
    const slot = this.#slotOf(costChange, loss);
    if (this.#slots[slot] !== EMPTY) return;
    const state = this.#length++;
    this.#slots[slot] = state;
    this.#costChanges[state] = costChange;
    this.#losses[state] = loss;
    this.#parents[state] = parent;
    this.#steps[state] = step;
    this.#copies[state] = copies;
  }

  /** The slot that holds this pair, or the empty one where it belongs. */
  #slotOf(costChange: number, loss: number): number {
    const mask = this.#slots.length - 1;
    let hash = Math.imul(costChange | 0, 0x9e3779b1) ^ Math.imul(loss | 0, 0x85ebca6b) ^
      Math.imul((loss / 0x100000000) | 0, 0xc2b2ae35);
    hash ^= hash >>> 15;
    let slot = hash & mask;
    for (;;) {
      const state = this.#slots[slot]!;
      if (state === EMPTY || (this.#costChanges[state] === costChange && this.#losses[state] === loss)) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const capacity = this.#costChanges.length * 2;
    this.#costChanges = copyInto(new Float64Array(capacity), this.#costChanges);
    this.#losses = copyInto(new Float64Array(capacity), this.#losses);
    this.#parents = copyInto(new Int32Array(capacity), this.#parents);
    this.#steps = copyInto(new Int32Array(capacity), this.#steps);
    this.#copies = copyInto(new Int32Array(capacity), this.#copies);
    this.#slots = new Int32Array(2 * capacity).fill(EMPTY);
    for (let state = 0; state < this.#length; state++) {
      this.#slots[this.#slotOf(this.#costChanges[state]!, this.#losses[state]!)] = state;
    }
  }
}

function copyInto<T extends Float64Array | Int32Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
