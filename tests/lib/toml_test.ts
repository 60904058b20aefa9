import assert from "node:assert/strict";
import { findUnquotedDecimalKeys, parseToml, TomlError } from "../../src/lib/toml.ts";

const source = "config.toml";

function errorOf(text: string): TomlError {
  try {
    parseToml(text, { source });
  } catch (error) {
    assert.ok(error instanceof TomlError);
    return error;
  }
  return assert.fail("no error");
}

Deno.test("parseToml() reads text with CRLF and a byte order mark", () => {
  const data = parseToml("\ufeff[a]\r\nb = 1\r\n", { source });
  assert.deepEqual({ ...data["a"] as object }, { b: 1 });
});

Deno.test("parseToml() distinguishes integers from floats on request", () => {
  const text = "a = 5\nb = 5.0\nc = 9007199254740993\n";
  assert.deepEqual({ ...parseToml(text, { source }) }, { a: 5, b: 5, c: 9007199254740993n });
  assert.deepEqual({ ...parseToml(text, { source, bigintIntegers: "always" }) }, {
    a: 5n,
    b: 5,
    c: 9007199254740993n,
  });
});

Deno.test("parseToml() throws TomlError with file, line and column, both from 1", () => {
  const error = errorOf('[wallet]\nname = "x"\nhotkey = @\n');
  assert.equal(error.name, "TomlError");
  assert.deepEqual([error.source, error.line, error.column], [source, 3, 10]);
  assert.match(
    error.message,
    /^Cannot parse config\.toml as TOML: line 3, column 10: .+; correct that line$/,
  );
});

Deno.test("parseToml() throws TomlError for duplicate keys, cut-off tables and control characters", () => {
  assert.equal(errorOf("a = 1\na = 2\n").line, 2);
  assert.equal(errorOf("a = 1\n[b\n").line, 2);
  assert.equal(errorOf("a = 1\nb = 2\0\n").line, 2);
});

Deno.test("parseToml() throws TomlError with the line where the library fails at its own message", () => {
  for (const [text, line] of [["[pools.", 1], ["a = 1\n[[pools.", 2], ["a = 1\nb.", 2], ["a.", 1]] as const) {
    assert.deepEqual([errorOf(text).line, errorOf(text).column], [line, 1], text);
  }
  const error = errorOf('# "[x."\na = 1\n\n[[pool\r\n.main]]\nname = 1\n');
  assert.equal(error.line, 5);
  assert.match(error.message, /this is not TOML/);
});

Deno.test("findUnquotedDecimalKeys() throws TomlError where the library fails at its own message", () => {
  assert.throws(() => findUnquotedDecimalKeys("[pools.", { source }), TomlError);
});

Deno.test("parseToml() treats __proto__ as an ordinary key", () => {
  const data = parseToml("__proto__ = 1\n", { source });
  assert.deepEqual(Object.keys(data), ["__proto__"]);
  assert.equal(({} as Record<string, unknown>)["a"], undefined);
});

Deno.test("findUnquotedDecimalKeys() finds sizes that TOML reads as nested tables", () => {
  const text = '[workers]\nprice = 1.05\n[workers.worker_sizes]\n0.45 = 2\n"0.1" = 1\n';
  assert.deepEqual(findUnquotedDecimalKeys(text, { source }), [
    { key: "0.45", table: ["workers", "worker_sizes"], line: 4 },
  ]);
});

Deno.test("findUnquotedDecimalKeys() looks into inline tables", () => {
  const text = '[workers]\nhashrates = { "0.1" = 1, 0.45 = 2 }\n';
  assert.deepEqual(findUnquotedDecimalKeys(text, { source }), [
    { key: "0.45", table: ["workers", "hashrates"], line: 2 },
  ]);
});

Deno.test("findUnquotedDecimalKeys() ignores ordinary dotted keys", () => {
  assert.deepEqual(findUnquotedDecimalKeys('a.b = 1\nv1.2 = 3\n"0.4" = 1\n', { source }), []);
});

const mistakes: [string, RegExp][] = [
  ["webhook = https://hooks.example/SECRET", /a string needs quotes/],
  ["on_won = [/bin/sh, SECRET]", /a string needs quotes/],
  ["a = SECRET", /a string needs quotes/],
  ["a = 12SECRET", /a string needs quotes/],
  ["a = 2026-01-01SECRET", /a string needs quotes/],
  ["a = SECRET.example/x", /a string needs quotes/],
  ['a = "SECRET', /is a quote missing/],
  ['a = """SECRET\nSECRET', /is a quote missing/],
  ['a = "\\SECRET"', /a backslash starts an unknown escape/],
  ['a = "x" SECRET', /there is more on the line than one value/],
  ['"SECRET" = 1\n"SECRET" = 2', /already exists above/],
  ['a = { "SECRET" = 1, "SECRET" = 2 }', /already exists above/],
  ["[SECRET]\n[SECRET]", /already exists above/],
  ["[a SECRET]", /a table's header must be on a line by itself/],
  ["[a] SECRET", /a table's header must be on a line by itself/],
  ["SECRET", /a line must be key = value/],
  ["https://SECRET = 1", /a line must be key = value/],
  ["a = [1 2]", /one comma/],
  ["a = [1, 2", /a \] or \} after the last/],
  ["a =", /a value is missing/],
  ['a = "SECRET\0"', /control character/],
];
for (const [text, expected] of mistakes) {
  Deno.test(`parseToml() explains ${JSON.stringify(text)} without showing it`, () => {
    for (const wrong of [text, `\n\n${text}\n`, `[table]\nb = 1\n${text}\nc = 1\n`]) {
      const { reason, message } = errorOf(wrong);
      assert.match(reason, expected);
      assert.doesNotMatch(message, /SECRET/);
    }
  });
}
