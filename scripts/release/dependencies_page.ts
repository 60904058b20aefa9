/**
 * Writes `docs/dependencies.md`.
 *
 * @module
 */

import type { Package } from "./packages.ts";

/** The page, not yet formatted. */
export function dependenciesPage(packages: readonly Package[], denoVersion: string): string {
  const bundled = packages.filter((each) => each.bundled);
  const others = packages.filter((each) => !each.bundled && !each.platformOnly);
  const parts = packages.filter((each) => each.platformOnly);
  return `# Dependencies

\`deno task dependencies\` makes this page from \`deno.lock\`. Versions are exact: the lock file holds a hash of each
package, and every task that builds or tests refuses another one.

## In the program

The code of these ${bundled.length} packages is in the program, as far as it is used (esbuild leaves out the rest).

${table(bundled)}

## Runtime base

The program runs on the runtime base of Deno, which is part of the same file.

| package | version | licence |
| --- | --- | --- |
| [Deno](https://github.com/denoland/deno) | ${denoVersion} | MIT |

A base of another patch version of the same Deno may be used; the SBOM of a release names the version that is in it.
Deno's own dependencies, V8 among them, are in its \`Cargo.lock\` at that version.

A program that was built with \`--solver\` also carries the validators' solver, and for ARM64 an emulator
([binary.md](binary.md#the-validators-solver-inside)). They run as processes of their own.

## For development only

These ${others.length} packages are in the lock file, but the program is built without them: they build or test it, hold types, or
are needed only by a part of a package that is left out. The last column names the package of \`deno.json\` that
brings them in.

${table(others)}

${parts.length} more, of which each platform installs one, are \`@esbuild/…\` ${versions(parts)} (${
    parts[0]?.licence
  }): esbuild's
program for that platform.
`;
}

function table(packages: readonly Package[]): string {
  const rows = packages.map(({ name, version, licence, neededBy }) => {
    // One word for all packages of a scope.
    const others = [...new Set(neededBy.map((other) => other.split("/")[0]!))];
    return `| [${name}](https://www.npmjs.com/package/${name}) | ${version} | ${licence} | ${
      neededBy.includes(name) ? "`deno.json`" : others.join(", ")
    } |`;
  });
  return ["| package | version | licence | needed by |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function versions(packages: readonly Package[]): string {
  return [...new Set(packages.map(({ version }) => version))].join(", ");
}
