/**
 * Makes the Debian package, with `dpkg-deb`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Target } from "../compile/elf.ts";
import { runTool } from "../compile/run_tool.ts";
import { layOut, type ReleaseFile, textFile } from "./files.ts";
import { packageShellFiles } from "./shell_files.ts";

/** The names of the machines in Debian. */
export const ARCHITECTURES: Readonly<Record<Target, string>> = {
  "x86_64-unknown-linux-gnu": "amd64",
  "aarch64-unknown-linux-gnu": "arm64",
};

const SCRIPTS = ["preinst", "postinst", "prerm", "postrm"] as const;
const DEBIAN_FOLDER = new URL("debian/", import.meta.url);
/** In Debian's packages, the program is in `/usr/bin`. */
const [INSTALLER_PATH, PACKAGE_PATH] = ["/usr/local/bin/ih-miner", "/usr/bin/ih-miner"];
const UNITS_FOLDER = "usr/lib/systemd/system";
const DOC_FOLDER = "usr/share/doc/ih-miner";

/** The package cannot be made. */
export class DebianPackageError extends Error {
  override readonly name = "DebianPackageError";
}

/** What the package has. */
export interface PackageContent {
  /** The checkout. */
  readonly root: string;
  /** The program's path. */
  readonly program: string;
  /** Paths in the checkout: the pages of `docs/`, hooks and monitoring. */
  readonly documents: readonly string[];
  readonly thirdPartyLicences: string;
  readonly version: string;
  /** Name and address. */
  readonly maintainer: string;
  /** Of the commit. */
  readonly date: Date;
}

/** Options of {@link makeDebianPackage}. */
export interface DebianPackageOptions {
  readonly target: Target;
  readonly version: string;
  readonly maintainer: string;
  /** Paths relative to the host's root. */
  readonly files: readonly ReleaseFile[];
  /** Since 1970; of all files. */
  readonly mtimeSeconds: number;
  /** An empty folder for the package's tree. */
  readonly scratch: string;
  readonly output: string;
}

/** The files of the package: those that install.sh installs, and the documentation. */
export async function packageFiles(content: PackageContent): Promise<ReleaseFile[]> {
  const { root, program, documents, thirdPartyLicences, version, maintainer, date } = content;
  const scripts = join(root, "scripts");
  const debian = (name: string): string => join(scripts, "release", "debian", name);
  const doc = (name: string, from: string | Uint8Array): ReleaseFile => ({
    path: `${DOC_FOLDER}/${name}`,
    from,
  });
  const changes = `ih-miner (${version}) stable; urgency=medium\n\n  * See changelog.gz.\n\n` +
    ` -- ${maintainer}  ${date.toUTCString().replace("GMT", "+0000")}\n`;
  return [
    { path: PACKAGE_PATH.slice(1), from: program, executable: true },
    ...await unitFiles(scripts),
    ...packageShellFiles(version, date),
    { path: "etc/systemd/system/ih-miner.service.d/05-paths.conf", from: debian("05-paths.conf") },
    { path: "etc/ih-miner/README", from: textFile(README) },
    doc("copyright", debian("copyright")),
    doc("third-party-licences.txt", textFile(thirdPartyLicences)),
    doc("changelog.gz", compress(await Deno.readFile(join(root, "CHANGELOG.md")))),
    doc("changelog.Debian.gz", compress(textFile(changes))),
    doc("README.md", join(root, "README.md")),
    doc("examples/config.toml", join(root, "config.toml.example")),
    ...documents.map((path) => doc(path.replace(/^scripts\//, "examples/"), join(root, path))),
    {
      path: "usr/share/ih-miner/install-cbc.sh",
      from: join(scripts, "install-cbc.sh"),
      executable: true,
    },
  ];
}

const README =
  `Configurations of the agent: config.toml for ih-miner.service, NAME.toml for ih-miner@NAME.service.
Documentation: /usr/share/doc/ih-miner. Give each file to root:ih-miner with mode 640.
`;

/** The units under all their names, as install.sh installs them. */
async function unitFiles(scripts: string): Promise<ReleaseFile[]> {
  const installer = await Deno.readTextFile(join(scripts, "install.sh"));
  const [, list] = /^unit_files='([^']+)'$/m.exec(installer) ?? [];
  if (list === undefined) throw new DebianPackageError("scripts/install.sh has no list unit_files");
  return await Promise.all(
    list.trim().split(/\s+/).map(async (pair) => {
      const [source = "", name = ""] = pair.split(":");
      const text = await Deno.readTextFile(join(scripts, source));
      return {
        path: `${UNITS_FOLDER}/${name}`,
        from: textFile(text.replaceAll(INSTALLER_PATH, PACKAGE_PATH)),
      };
    }),
  );
}

/**
 * Builds the package. The same files give the same bytes.
 *
 * @throws {DebianPackageError} when dpkg-deb is missing or fails.
 */
export async function makeDebianPackage(options: DebianPackageOptions): Promise<void> {
  const { files, mtimeSeconds, scratch, output } = options;
  await layOut(scratch, [...files, ...await controlFiles(options)], mtimeSeconds);
  // Level 6 makes the package 13 % smaller, and takes five times as long.
  const args = ["--root-owner-group", "-Zxz", "-z1", "--build", scratch, output];
  const { success, errorText } = await runTool("dpkg-deb", args, {
    // With several threads, xz writes other bytes.
    env: { SOURCE_DATE_EPOCH: String(mtimeSeconds), DPKG_DEB_THREADS_MAX: "1" },
  }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new DebianPackageError("Cannot make the Debian package: dpkg-deb is missing; install dpkg");
  });
  if (!success) throw new DebianPackageError(`Cannot make the Debian package: ${errorText}`);
}

async function controlFiles(options: DebianPackageOptions): Promise<ReleaseFile[]> {
  const { files } = options;
  const contents = await Promise.all(files.map(async ({ path, from }) => ({
    path,
    bytes: typeof from === "string" ? await Deno.readFile(from) : from,
  })));
  const sums = contents.filter(({ path }) => !isConfiguration(path))
    .map(({ path, bytes }) => `${createHash("md5").update(bytes).digest("hex")}  ${path}\n`);
  const sizeKb = contents.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / 1024), 0);
  const conffiles = contents.filter(({ path }) => isConfiguration(path)).map(({ path }) => `/${path}\n`);
  return [
    { path: "DEBIAN/control", from: textFile(controlText(options, sizeKb)) },
    { path: "DEBIAN/md5sums", from: textFile(sums.sort().join("")) },
    { path: "DEBIAN/conffiles", from: textFile(conffiles.sort().join("")) },
    ...await Promise.all(SCRIPTS.map(async (name) => ({
      path: `DEBIAN/${name}`,
      from: await Deno.readFile(new URL(name, DEBIAN_FOLDER)),
      executable: true,
    }))),
  ];
}

function isConfiguration(path: string): boolean {
  return path.startsWith("etc/");
}

function controlText({ target, version, maintainer }: DebianPackageOptions, sizeKb: number): string {
  return `Package: ih-miner
Version: ${version}
Architecture: ${ARCHITECTURES[target]}
Maintainer: ${maintainer}
Installed-Size: ${sizeKb}
Depends: libc6 (>= 2.27), passwd, init-system-helpers (>= 1.54~)
Recommends: acl, ca-certificates
Section: net
Priority: optional
Description: agent that sells hashrate on the InfiniteHash subnet of Bittensor
 It publishes the bid of a miner on the chain, computes the auction of each
 window as the validators do, and routes the hashrate that was won to the
 subnet: through InfiniteHash Proxy or Braiins Farm Proxy, or by switching the
 ASICs themselves.
`;
}

/** As `gzip -9n`: without a name and a time. */
function compress(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: 9 });
}
