import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { LIST_NAME, readSolverPack, type SolverPack } from "../../../scripts/compile/solver_pack.ts";
import { makeArchive } from "../../../scripts/compile/archive.ts";
import { readArchive } from "../../../src/auction/solver/cbc/pack.ts";
import { sha256Hex } from "../../../src/lib/sha256.ts";

const X86_64 = "x86_64-unknown-linux-gnu";
const ARM64 = "aarch64-unknown-linux-gnu";

/** The header of an ELF file, with a program header for an interpreter where it is not static. */
function elf(machine: number, isStatic = true): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(120);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(18, machine, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, isStatic ? 1 : 3, true);
  return bytes;
}

const PROGRAM = elf(62, false);
const EMULATOR = elf(183);
const GOOD = {
  cbc: PROGRAM,
  "qemu-x86_64": EMULATOR,
  "licences/qemu.txt": new TextEncoder().encode("GPL"),
};
type Contents = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

interface Place extends AsyncDisposable {
  readonly folder: string;
  write(name: string, bytes: Uint8Array<ArrayBuffer> | string): Promise<string>;
  /** Writes a pack as install-cbc.sh does; the list can name other contents. */
  pack(contents: Contents, listed?: Contents | null): Promise<string>;
  read(path: string, target: typeof X86_64 | typeof ARM64): Promise<SolverPack>;
}

async function place(): Promise<Place> {
  const folder = await Deno.makeTempDir();
  const write = async (name: string, bytes: Uint8Array<ArrayBuffer> | string): Promise<string> => {
    const path = join(folder, name);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    return path;
  };
  return {
    folder,
    write,
    pack: async (contents, listed = contents) => {
      const lines = await Promise.all(
        Object.entries(listed ?? {}).map(async ([path, bytes]) => `${await sha256Hex(bytes)}  ${path}\n`),
      );
      const list: Contents = listed === null ? {} : { [LIST_NAME]: new TextEncoder().encode(lines.join("")) };
      const all = { ...contents, ...list };
      for (const [path, bytes] of Object.entries(all)) await write(join("parts", path), bytes);
      return await write("a.pack", await makeArchive(join(folder, "parts"), Object.keys(all)));
    },
    read: async (path, target) => {
      const scratch = await Deno.makeTempDir({ dir: folder });
      return await readSolverPack({ path, target, scratch, programSha256: await sha256Hex(PROGRAM) });
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("readSolverPack() packs the program with its licence, and the same bytes each time", async () => {
  await using at = await place();
  const path = await at.write("cbc", PROGRAM);
  const { solver, archivePath } = await at.read(path, X86_64);
  assert.equal(solver.name, "CBC 2.10.3 of Dec 15 2019");
  assert.deepEqual(solver.files.map((file) => file.path), [
    "cbc",
    "licences/SOURCES.txt",
    "licences/cbc.txt",
  ]);
  const archive = await Deno.readFile(archivePath);
  const contents = await readArchive(archive);
  for (const file of solver.files) assert.equal(await sha256Hex(contents.get(file.path)!), file.sha256);
  assert.match(
    new TextDecoder().decode(contents.get("licences/cbc.txt")),
    /^Eclipse Public License - v 1\.0/,
  );
  assert.deepEqual(await Deno.readFile((await at.read(path, X86_64)).archivePath), archive);
});

Deno.test("readSolverPack() takes a pack for ARM64 as its list says", async () => {
  await using at = await place();
  const { solver, archivePath } = await at.read(await at.pack(GOOD), ARM64);
  assert.deepEqual(solver.files.map((file) => file.path), Object.keys(GOOD));
  const contents = await readArchive(await Deno.readFile(archivePath));
  assert.deepEqual(Object.fromEntries(contents), GOOD);
});

/** What cannot be used for which target, and what the error says. */
const refusals: [
  what: string,
  target: typeof X86_64 | typeof ARM64,
  file: (at: Place) => string | Promise<string>,
  message: RegExp,
][] = [
  ["a missing file", X86_64, () => "/nowhere/cbc", /^--solver: there is no file \/nowhere\/cbc$/],
  ["a folder", X86_64, ({ folder }) => folder, /^--solver: .* cannot be read: /],
  [
    "text",
    X86_64,
    (at) => at.write("a", "text"),
    /neither a program nor a pack \(.*\); make one with scripts\/inst/,
  ],
  [
    "another program",
    X86_64,
    (at) => at.write("a", elf(62)),
    /its program is not the validators' CBC 2\.10\.3 of Dec 15 2019 \(its SHA-256 is [0-9a-f]{64}\); scripts\/install/,
  ],
  [
    "the program alone",
    ARM64,
    (at) => at.write("a", PROGRAM),
    /needs an emulator there; give --solver a pack with/,
  ],
  [
    "an ARM64 pack",
    X86_64,
    (at) => at.pack(GOOD),
    /its emulator is for aarch64.*; give --solver the program itself$/,
  ],
  [
    "a pack of another program",
    ARM64,
    (at) => at.pack({ ...GOOD, cbc: elf(62) }),
    /its program is not the validators' CBC/,
  ],
  [
    "a pack without a program",
    ARM64,
    (at) => at.pack({ "qemu-x86_64": EMULATOR }),
    /not the validators' CBC .* \(its SHA-256 is missing\)/,
  ],
  [
    "a pack without an emulator",
    ARM64,
    (at) => at.pack({ cbc: PROGRAM }),
    /it has no qemu-x86_64; make one with/,
  ],
  [
    "a pack with an emulator that needs libraries",
    ARM64,
    (at) => at.pack({ ...GOOD, "qemu-x86_64": elf(183, false) }),
    /its qemu-x86_64 needs libraries; take a static one/,
  ],
  ["a pack without a list", ARM64, (at) => at.pack(GOOD, null), /it has no SHA256SUMS; make one with/],
  [
    "a pack with a changed file",
    ARM64,
    (at) => at.pack({ ...GOOD, "qemu-x86_64": elf(183, false) }, GOOD),
    /qemu-x86_64 is missing, or differs from SHA256SUMS; the pack is damaged/,
  ],
  [
    "a pack whose list leads elsewhere",
    ARM64,
    (at) => at.pack(GOOD, { ...GOOD, "../cbc": PROGRAM }),
    /SHA256SUMS has the line ".*\.\.\/cbc"/,
  ],
];
for (const [what, target, file, message] of refusals) {
  Deno.test(`readSolverPack() refuses ${what} for ${target}`, async () => {
    await using at = await place();
    await assert.rejects(at.read(await file(at), target), { message });
  });
}

Deno.test("readSolverPack() knows the validators' program by the hash in install-cbc.sh", async () => {
  await using at = await place();
  const options = { path: await at.write("cbc", PROGRAM), target: X86_64, scratch: at.folder } as const;
  await assert.rejects(readSolverPack(options), {
    name: "SolverPackError",
    message: /is not the validators' CBC/,
  });
});
