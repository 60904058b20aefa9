/**
 * The licences of everything that a program contains, as one text. Whoever hands out the program has to pass them along.
 *
 * @module
 */

import { idOf } from "./lock_file.ts";
import type { Package } from "./packages.ts";

/** Something in the program whose licence is not in a package. */
export interface OtherPart {
  readonly name: string;
  readonly licence: string;
  readonly licenceText: string;
}

const RULE = "=".repeat(100);

/** Each licence text once, below what it is for. Packages without a licence file are named with their licence. */
export function licencesText(packages: readonly Package[], others: readonly OtherPart[]): string {
  const parts = [
    ...others,
    ...packages.filter(({ bundled }) => bundled).map((each) => ({ ...each, name: idOf(each) })),
  ];
  const byText = Map.groupBy(
    parts,
    ({ licence, licenceText }) =>
      licenceText?.trim() ?? `(The package has no licence file; its package.json names ${licence}.)`,
  );
  const sections = [...byText].map(([text, members]) =>
    `${members.map(({ name, licence }) => `${name} (${licence})`).join("\n")}\n\n${text}\n`
  );
  return ["The program contains parts of the following packages, each under its own licence.\n", ...sections]
    .join(`\n${RULE}\n`);
}
