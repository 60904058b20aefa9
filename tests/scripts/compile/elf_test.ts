import assert from "node:assert/strict";
import { checkRuntime, inspectRuntime, WrongBaseError } from "../../../scripts/compile/elf.ts";

/** The beginning of an ELF file that contains a text. */
function elf(machine: number, text: string): Uint8Array {
  const bytes = new Uint8Array(256);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  new DataView(bytes.buffer).setUint16(18, machine, true);
  bytes.set(new TextEncoder().encode(text), 100);
  return bytes;
}

const X86_64 = 62;
const AARCH64 = 183;
const RISCV = 243;
const expected = { path: "base", target: "aarch64-unknown-linux-gnu", denoVersion: "2.6.8" } as const;

Deno.test("inspectRuntime() reads the machine and the Deno version", () => {
  assert.deepEqual(inspectRuntime(elf(X86_64, "D Deno/x Deno/2.6.10+8871ade"), ""), {
    target: "x86_64-unknown-linux-gnu",
    denoVersion: "2.6.10",
  });
  assert.deepEqual(inspectRuntime(elf(RISCV, "no version"), ""), { target: null, denoVersion: null });
});

Deno.test("inspectRuntime() refuses a file that is not 64-bit ELF", () => {
  assert.throws(() => inspectRuntime(new TextEncoder().encode("#!/bin/sh\n"), "x"), WrongBaseError);
  assert.throws(() => inspectRuntime(new Uint8Array(256), "x"), WrongBaseError);
});

Deno.test("checkRuntime() accepts another patch version for the same machine", () => {
  checkRuntime(elf(AARCH64, "Deno/2.6.10"), expected);
});

const wrong: [string, Uint8Array, RegExp][] = [
  ["another machine", elf(X86_64, "Deno/2.6.8"), /for x86_64-unknown-linux-gnu, not for aarch64/],
  ["an unknown machine", elf(RISCV, "Deno/2.6.8"), /for another machine/],
  ["another minor version", elf(AARCH64, "Deno/2.9.6"), /is 2\.9\.6, but Deno 2\.6\.8 builds/],
  ["no Deno at all", elf(AARCH64, "curl/7.0.0"), /of no known version/],
];
for (const [what, bytes, message] of wrong) {
  Deno.test(`checkRuntime() refuses a base with ${what}`, () => {
    assert.throws(() => checkRuntime(bytes, expected), (error) => {
      assert.ok(error instanceof WrongBaseError);
      assert.match(error.message, message);
      return true;
    });
  });
}
