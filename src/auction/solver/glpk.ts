/**
 * GLPK's answer to a grouped program: two integer programs, maximal value and then minimal cost at that value.
 *
 * GLPK calculates in doubles with tolerances and may search without end on hard families, so its answer is only a
 * proposal: the exact search checks it in integers, starts from it, and proves or improves it. The import is lazy and
 * confined to this module, because the bundle replaces it.
 *
 * @module
 */

import type { GLPK, LP } from "glpk.js/node";
import type { Objective } from "../inputs/problem.ts";
import { type GroupedProgram, totalsOf } from "./knapsack/worker_classes.ts";

let loading: Promise<GLPK> | undefined;

/** The GLPK instance of this process or worker, loaded at the first call. */
export function loadGlpk(): Promise<GLPK> {
  loading ??= import("glpk.js/node").then(({ default: create }) => create());
  return loading;
}

/** GLPK gets doubles, which represent integers exactly up to here. */
const LARGEST_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * GLPK's proposals: workers taken, by class, the better proposal last. Empty when it finds nothing in time or the
 * numbers exceed doubles.
 *
 * @param program the grouped program
 * @param objective `"value-only"` has no second stage
 * @param timeLimitMs time for each of the two stages
 */
export async function proposeWithGlpk(
  program: GroupedProgram,
  objective: Objective,
  timeLimitMs: number,
): Promise<number[][]> {
  const { classes, cap } = program;
  if (classes.length === 0 || cap > LARGEST_EXACT) return [];
  if (classes.some(({ cost, value }) => cost > LARGEST_EXACT || value > LARGEST_EXACT)) return [];
  const glpk = await loadGlpk();

  const names = classes.map((_, index) => `n${index}`);
  const costs = classes.map(({ cost }, index) => ({ name: names[index]!, coef: Number(cost) }));
  const values = classes.map(({ value }, index) => ({ name: names[index]!, coef: Number(value) }));
  const withinCap = {
    name: "cap",
    vars: costs,
    bnds: { type: glpk.GLP_UP, lb: 0, ub: Number(cap) },
  };
  const solve = (objectiveRow: LP["objective"], rows: LP["subjectTo"]): number[] | null => {
    const { result } = glpk.solve({
      name: "auction",
      objective: objectiveRow,
      subjectTo: rows,
      bounds: classes.map(({ count }, index) => ({
        name: names[index]!,
        type: glpk.GLP_DB,
        lb: 0,
        ub: count,
      })),
      generals: names,
    }, { msglev: glpk.GLP_MSG_OFF, presol: true, tmlim: timeLimitMs / 1000 });
    if (result.status !== glpk.GLP_OPT && result.status !== glpk.GLP_FEAS) return null;
    return names.map((name) => Math.round(result.vars[name] ?? 0));
  };

  const first = solve({ direction: glpk.GLP_MAX, name: "value", vars: values }, [withinCap]);
  if (first === null) return [];
  if (objective === "value-only") return [first];
  const reached = Number(totalsOf(classes, first).value);
  const second = solve({ direction: glpk.GLP_MIN, name: "cost", vars: costs }, [
    withinCap,
    { name: "value", vars: values, bnds: { type: glpk.GLP_LO, lb: reached, ub: 0 } },
  ]);
  return second === null ? [first] : [first, second];
}
