/**
 * The errors of a build that people can act on.
 *
 * @module
 */

import { ArchiveToolError } from "./archive.ts";
import { BuildFolderError } from "./build_folder.ts";
import { BundleError } from "./bundle.ts";
import { BaseUnavailableError, CompileError } from "./compiled_form.ts";
import { DenoPackageError } from "./deno_package.ts";
import { WrongBaseError } from "./elf.ts";
import { PackError } from "./self_extracting_form.ts";
import { SolverPackError } from "./solver_pack.ts";

/** Errors that are reported without a stack: their messages say what to do. */
export const BUILD_ERRORS = [
  ArchiveToolError,
  BaseUnavailableError,
  BuildFolderError,
  BundleError,
  CompileError,
  DenoPackageError,
  PackError,
  SolverPackError,
  WrongBaseError,
] as const;
