import assert from "node:assert/strict";
import { editToml, type TomlEdit } from "../../src/lib/toml_edit.ts";
import { TomlError } from "../../src/lib/toml.ts";

const source = "pools.toml";
const table = ["pools", "main", 0];
const setTarget: TomlEdit = { op: "set", table, key: "target", value: "1TH/s" };
const removeWeight: TomlEdit = { op: "remove", table, key: "weight" };
const replaceWeight: TomlEdit = { op: "replace", table, key: "weight", newKey: "target", value: "1TH/s" };

function check(edits: TomlEdit[], before: string, after: string): void {
  assert.equal(editToml(before, edits, { source }), after);
}

Deno.test("editToml() sets a value and nothing else", () => {
  check(
    [setTarget],
    "# é⛏😀\n[[pools.main]]\n\ttarget  =\t'old' # why\nname='x'\n",
    "# é⛏😀\n[[pools.main]]\n\ttarget  =\t\"1TH/s\" # why\nname='x'\n",
  );
});

Deno.test("editToml() replaces a multi-line value", () => {
  check(
    [setTarget],
    '[[pools.main]]\ntarget = """\na\nb""" # c\nname = "x"\n',
    '[[pools.main]]\ntarget = "1TH/s" # c\nname = "x"\n',
  );
});

Deno.test("editToml() adds a missing key after the last one, with its indentation and line ending", () => {
  check(
    [setTarget],
    '[[pools.main]]\r\n  name = "x" # c\r\n  # more\r\n\r\n[server]\nx = 1\n',
    '[[pools.main]]\r\n  name = "x" # c\r\n  target = "1TH/s"\r\n  # more\r\n\r\n[server]\nx = 1\n',
  );
});

Deno.test("editToml() adds no final newline to a file without one", () => {
  check([setTarget], '[[pools.main]]\r\nname = "x"', '[[pools.main]]\r\nname = "x"\r\ntarget = "1TH/s"');
  check([removeWeight], '[[pools.main]]\r\nname = "x"\r\nweight = 1', '[[pools.main]]\r\nname = "x"');
  check([replaceWeight], "[[pools.main]]\nweight = 1", '[[pools.main]]\ntarget = "1TH/s"');
});

Deno.test("editToml() keeps a byte order mark", () => {
  check([replaceWeight], "\ufeff[[pools.main]]\nweight = 1\n", '\ufeff[[pools.main]]\ntarget = "1TH/s"\n');
});

Deno.test("editToml() keeps the comments around a removed key", () => {
  check(
    [removeWeight],
    "[[pools.main]]\n# above\nweight = 1\n# below\nname = 'x'\n",
    "[[pools.main]]\n# above\n# below\nname = 'x'\n",
  );
  check(
    [removeWeight],
    "[[pools.main]]\n  weight = 1   # beside\nname = 'x'\n",
    "[[pools.main]]\n  # beside\nname = 'x'\n",
  );
  check(
    [replaceWeight],
    "[[pools.main]]\n# above\n'weight'= 1 # beside\n",
    '[[pools.main]]\n# above\ntarget = "1TH/s" # beside\n',
  );
});

Deno.test("editToml() leaves the text unchanged when the key to remove is missing", () => {
  check([removeWeight], "[[pools.main]]\nname = 'x'\n", "[[pools.main]]\nname = 'x'\n");
  check([replaceWeight], "[[pools.main]]\nname = 'x'\n", "[[pools.main]]\nname = 'x'\n");
});

Deno.test("editToml() applies several edits at once", () => {
  check(
    [removeWeight, setTarget],
    "[[pools.main]]\ntarget = 'old'\nweight = 1",
    '[[pools.main]]\ntarget = "1TH/s"',
  );
  check(
    [removeWeight, setTarget],
    "[[pools.main]]\nweight = 1\ntarget = 'old'\n",
    '[[pools.main]]\ntarget = "1TH/s"\n',
  );
});

Deno.test("editToml() edits tables in braces", () => {
  const inline = (rows: string): string => `[pools]\nmain = [ # c\n  1, ${rows}, # d\n]\n`;
  const edits = (...list: TomlEdit[]): TomlEdit[] =>
    list.map((edit) => ({ ...edit, table: ["pools", "main", 1] }));
  check(edits(replaceWeight), inline("{weight=1,name='x'}"), inline("{target = \"1TH/s\",name='x'}"));
  check(edits(setTarget), inline("{ name = 'x' }"), inline("{ name = 'x', target = \"1TH/s\" }"));
  check(edits(removeWeight), inline("{ name = 'x', weight = 1 }"), inline("{ name = 'x' }"));
  check(edits(removeWeight), inline("{ weight = 1, name = 'x' }"), inline("{ name = 'x' }"));
  check(edits(removeWeight), inline("{ a = 1, weight = 1, name = 'x' }"), inline("{ a = 1, name = 'x' }"));
  check(edits(removeWeight), inline("{ weight = 1 }"), inline("{  }"));
  check(edits(removeWeight), inline("{ a.b = 1, weight = 1 }"), inline("{ a.b = 1 }"));
  check(edits(setTarget), inline("{ a = 1, b.c = 2 }"), inline('{ a = 1, b.c = 2, target = "1TH/s" }'));
  check(
    edits(removeWeight, setTarget),
    inline("{ target = 'a', weight = 1 }"),
    inline('{ target = "1TH/s" }'),
  );
});

Deno.test("editToml() keeps comments between the rows of a table in braces", () => {
  const after = editToml(
    "[pools]\nmain = [ {\n  # first, it is\n  weight = 1, # beside\n  name = 'x',\n} ]\n",
    [removeWeight],
    { source },
  );
  assert.deepEqual(after.match(/#.*/g), ["# first, it is", "# beside"]);
});

Deno.test("editToml() finds tables however they are written", () => {
  check([replaceWeight], "pools.main = [{weight=1}]\n", 'pools.main = [{target = "1TH/s"}]\n');
  check([replaceWeight], "pools = {main = [{weight=1}]}\n", 'pools = {main = [{target = "1TH/s"}]}\n');
  check(
    [{ op: "set", table: ["a", 1, "b", 0], key: "w", value: 7 }],
    "[[a]]\n[[a.b]]\nw = 1\n[[a]]\n[[a.b]]\nw = 2\n[[a.b]]\nw = 3\n",
    "[[a]]\n[[a.b]]\nw = 1\n[[a]]\n[[a.b]]\nw = 7\n[[a.b]]\nw = 3\n",
  );
  check(
    [{ op: "set", table: ["a", 0], key: "w", value: 7 }],
    "[[a]]\nx = 1\n[[a.b]]\ny = 1\n",
    "[[a]]\nx = 1\nw = 7\n[[a.b]]\ny = 1\n",
  );
});

Deno.test("editToml() removes a key that is written as a table", () => {
  const after = editToml("[[pools.main]]\nname = 'x'\n[pools.main.weight]\na = 1\n[server]\nb = 2 # c\n", [
    removeWeight,
    setTarget,
  ], { source });
  assert.match(after, /^\[\[pools\.main\]\]\nname = 'x'\ntarget = "1TH\/s"\n/);
  assert.match(after, /\[server\]\nb = 2 # c\n$/);
  assert.doesNotMatch(after, /weight/);
});

Deno.test("editToml() escapes characters that a TOML string cannot contain", () => {
  check(
    [{ ...setTarget, value: 'a"\\\n\x7f' } as TomlEdit],
    "[[pools.main]]\ntarget = 1\n",
    '[[pools.main]]\ntarget = "a\\"\\\\\\n\\u007f"\n',
  );
});

Deno.test("editToml() throws when the text is not TOML or the table is missing", () => {
  assert.throws(() => editToml("[[pools.main]\n", [setTarget], { source }), TomlError);
  assert.throws(() => editToml("[pools]\n", [setTarget], { source }), RangeError);
  assert.throws(
    () => editToml("[[pools.main]]\n", [{ ...setTarget, table: ["pools", "main", 1] }], { source }),
    {
      name: "RangeError",
      message: "Cannot edit pools.main.1: there is no such table",
    },
  );
});
