/**
 * The bill of materials of a release, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).
 *
 * @module
 */

import { sha256Hex } from "../../src/lib/sha256.ts";
import type { Target } from "../compile/elf.ts";
import { idOf } from "./lock_file.ts";
import type { Package } from "./packages.ts";

/** A program of the release. */
export interface SbomProgram {
  readonly target: Target;
  /** In hexadecimal. */
  readonly sha256: string;
  /** Of the runtime base in it. */
  readonly denoVersion: string;
}

/** Options of {@link makeSbom}. */
export interface SbomOptions {
  /** The version of the release. */
  readonly version: string;
  readonly licence: string;
  /** Of the commit. */
  readonly date: Date;
  readonly programs: readonly SbomProgram[];
  readonly packages: readonly Package[];
}

/** The document, as text. The same options give the same text. */
export async function makeSbom(options: SbomOptions): Promise<string> {
  const { version, licence, date, programs, packages } = options;
  const root = `pkg:generic/ih-miner@${encodeURIComponent(version)}`;
  const bases = [...new Set(programs.map(({ denoVersion }) => denoVersion))].sort();
  const needs = packages.filter(({ name, neededBy }) => neededBy.includes(name)).map(purlOf);
  const document = {
    version: 1,
    metadata: {
      timestamp: `${date.toISOString().slice(0, 19)}Z`,
      component: {
        "bom-ref": root,
        type: "application",
        name: "ih-miner",
        version,
        licenses: [{ expression: licence }],
        purl: root,
        components: programs.map(({ target, sha256 }) => ({
          "bom-ref": `${root}#${target}`,
          type: "file",
          name: `ih-miner for ${target}`,
          hashes: [{ alg: "SHA-256", content: sha256 }],
        })),
      },
    },
    components: [...bases.map(denoComponent), ...packages.map(packageComponent)],
    dependencies: [
      { ref: root, dependsOn: [...bases.map(denoPurl), ...needs] },
      ...bases.map((base) => ({ ref: denoPurl(base) })),
      ...packages.map((each) => ({
        ref: purlOf(each),
        dependsOn: each.dependencies.map((id) => purlOf(packages.find((other) => idOf(other) === id)!)),
      })),
    ],
  };
  const id = await uuidOf(JSON.stringify(document));
  const head = { bomFormat: "CycloneDX", specVersion: "1.6", serialNumber: `urn:uuid:${id}` };
  return `${JSON.stringify({ ...head, ...document }, null, 2)}\n`;
}

function packageComponent(each: Package): Record<string, unknown> {
  const [, scope, name] = /^(?:(@[^/]+)\/)?(.+)$/.exec(each.name)!;
  const [, base64] = /^sha512-(.+)$/.exec(each.integrity) ?? [];
  return {
    "bom-ref": purlOf(each),
    type: "library",
    ...(scope === undefined ? {} : { group: scope }),
    name,
    version: each.version,
    // Excluded: for building and testing only.
    scope: each.bundled ? "required" : "excluded",
    ...(base64 === undefined
      ? {}
      : { hashes: [{ alg: "SHA-512", content: Uint8Array.fromBase64(base64).toHex() }] }),
    licenses: [{ expression: each.licence }],
    purl: purlOf(each),
  };
}

function denoComponent(version: string): Record<string, unknown> {
  return {
    "bom-ref": denoPurl(version),
    type: "platform",
    name: "deno",
    version,
    scope: "required",
    licenses: [{ expression: "MIT" }],
    purl: denoPurl(version),
  };
}

function denoPurl(version: string): string {
  return `pkg:github/denoland/deno@v${version}`;
}

/** https://github.com/package-url/purl-spec: the scope's `@` is escaped. */
function purlOf({ name, version }: Pick<Package, "name" | "version">): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/** A UUID of version 8 (RFC 9562) that depends on nothing but the text. */
async function uuidOf(text: string): Promise<string> {
  const hex = await sha256Hex(new TextEncoder().encode(text));
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ]
    .join("-");
}
