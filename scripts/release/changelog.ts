/**
 * Reads `CHANGELOG.md`, and writes the notes of a release from it.
 *
 * @module
 */

/** The section of one version. */
export interface ChangelogSection {
  readonly version: string;
  /** `2026-12-01`; `null`: not released. */
  readonly date: string | null;
  /** Without its heading. */
  readonly text: string;
}

/** The changelog does not say what a release needs. */
export class ChangelogError extends Error {
  override readonly name = "ChangelogError";
}

/**
 * Finds the section of a version: `## 1.0.0 (2026-12-01)`, or `## 1.0.0 (unreleased)`.
 *
 * @throws {ChangelogError} when there is none, when it is empty, or when its heading has neither form.
 */
export function readSection(changelog: string, version: string): ChangelogSection {
  const [, ...sections] = `\n${changelog}`.split(/\n## /);
  const section = sections.find((each) => each.split(/\s/, 1)[0] === version);
  if (section === undefined) {
    throw new ChangelogError(
      `CHANGELOG.md has no section of ${version}, the version in deno.json; begin one with ## ${version} (date)`,
    );
  }
  const [heading = "", ...lines] = section.split("\n");
  const [, inBrackets] = /^\S+ \((unreleased|\d{4}-\d{2}-\d{2})\)$/.exec(heading) ?? [];
  if (inBrackets === undefined) {
    throw new ChangelogError(
      `CHANGELOG.md: the heading "## ${heading}" must be ## ${version} (YYYY-MM-DD) or ## ${version} (unreleased)`,
    );
  }
  const text = lines.join("\n").trim();
  if (text === "") throw new ChangelogError(`CHANGELOG.md: the section of ${version} is empty`);
  return { version, date: inBrackets === "unreleased" ? null : inBrackets, text };
}

/** The notes of a release. */
export function releaseNotes(section: ChangelogSection, label: string, files: readonly string[]): string {
  const { date, text } = section;
  const debs = files.filter((name) => name.endsWith(".deb"));
  const archives = files.filter((name) => name.endsWith(".tar.gz"));
  return `# ih-miner ${label} (${date ?? "a trial, not a release"})

${text}

## Install

Check what you have downloaded, in the folder of the files:

    sha256sum --check --ignore-missing SHA256SUMS

On Debian, Ubuntu and their relatives, ${list(debs)}:

    sudo apt install ./${debs[0]}

On other systems with systemd, ${list(archives)}:

    tar -xzf ${archives[0]}
    cd ${archives[0]?.replace(/\.tar\.gz$/, "")}
    sudo scripts/install.sh ./ih-miner

Both need a 64-bit system with glibc 2.27 or newer.
`;
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(" or ");
}
