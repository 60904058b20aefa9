import assert from "node:assert/strict";

const script = new URL("../../scripts/test_vectors.ts", import.meta.url).pathname;

/** Runs the script as the task does, on a folder with the given files; `null`: on a missing folder. */
async function run(
  files: Readonly<Record<string, unknown>> | null,
): Promise<{ code: number; lines: string[] }> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files ?? {})) {
      await Deno.writeTextFile(`${folder}/${name}`, JSON.stringify(content));
    }
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--frozen",
        "--allow-read",
        "--allow-env",
        script,
        files === null ? `${folder}/none` : folder,
      ],
      stderr: "inherit",
    }).output();
    return { code, lines: new TextDecoder().decode(stdout).trimEnd().split("\n") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const parse = (id: number, text: string, rest: object): object => ({
  id,
  name: `parse ${text}`,
  input: { op: "parse", text },
  ...rest,
});

Deno.test("test_vectors accepts correct cases and exits with 0", async () => {
  const cases = [parse(0, "1", { expected: "1000000000000000000" }), parse(1, "x", { error: true })];
  const { code, lines } = await run({ "decimals.json": { about: "", cases } });
  assert.deepEqual(lines, ["2 passed, 0 failed"]);
  assert.equal(code, 0);
});

Deno.test("test_vectors names the failures and exits with 1", async () => {
  const cases = [
    parse(0, "1", { expected: "1" }),
    parse(1, "1", { error: true }),
    parse(2, "x", { expected: "1" }),
    { id: 3, name: "unknown op", input: { op: "guess" }, error: true },
  ];
  const { code, lines } = await run({
    "decimals.json": { cases },
    "novelty.json": { cases: [] },
    "windows.json": { cases: "none" },
  });
  const failures = lines.filter((line) => line.startsWith("FAILED"));
  assert.deepEqual(failures, [
    "FAILED decimals.json 0 parse 1",
    "FAILED decimals.json 1 parse 1",
    "FAILED decimals.json 2 parse x",
    "FAILED decimals.json 3 unknown op",
    "FAILED novelty.json",
    "FAILED windows.json",
  ]);
  assert.equal(lines.at(-1), "0 passed, 6 failed");
  assert.equal(code, 1);
});

Deno.test("test_vectors exits with 2 when the folder is missing or empty", async () => {
  for (const files of [null, {}]) {
    const { code, lines } = await run(files);
    assert.match(lines[0]!, /^Cannot (read|check) the vectors/);
    assert.equal(code, 2);
  }
});
