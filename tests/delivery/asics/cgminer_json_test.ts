import assert from "node:assert/strict";
import fc from "fast-check";
import { numberOf, parseCgminerJson } from "../../../src/delivery/asics/cgminer_json.ts";

const repaired: [what: string, text: string, expected: unknown][] = [
  ["a NUL and garbage after it", '{"a":1}\0\0rest of {"b":2}', { a: 1 }],
  ["a newline and no NUL", '{"a":1}\n', { a: 1 }],
  ["something before it", '\0\n{"a":1}', { a: 1 }],
  ["a missing comma between objects", '{"a":[{"b":1}{"c":2} {"d":3}]}', {
    a: [{ b: 1 }, { c: 2 }, { d: 3 }],
  }],
  ["a missing comma between lists", '{"a":[1]"b":[[2][3]]}', { a: [1], b: [[2], [3]] }],
  ["a missing comma between texts", '{"a":"x""b":"y"}', { a: "x", b: "y" }],
  ["a missing comma after a figure", '{"a":1.50"b":true "c":{"d":1}"e":2}', {
    a: 1.5,
    b: true,
    c: { d: 1 },
    e: 2,
  }],
  ["commas before closing brackets", '{"a":[{"b":1.0,}, ],}', { a: [{ b: 1 }] }],
  ["commas after opening brackets", '{,"a":[,{"b":1}]}', { a: [{ b: 1 }] }],
  ["doubled commas", '{"a":1,,"b":[2,,,3]}', { a: 1, b: [2, 3] }],
  ["nothing but a comma in a list", '{"a":[,]}', { a: [] }],
  ["values that are no figures", '{"a":nan,"b":-nan,"c":inf,"d":-Infinity,"e":NaN,"f":-nan(ind),"g":None}', {
    a: null,
    b: null,
    c: null,
    d: null,
    e: null,
    f: null,
    g: null,
  }],
  ["values left out", '{"a":,"b":}', { a: null, b: null }],
  ["numbers as C writes them", '{"a":+5,"b":.5,"c":5.,"d":007,"e":1E3}', {
    a: "+5",
    b: ".5",
    c: "5.",
    d: "007",
    e: 1000,
  }],
  ["words that JSON lacks", '{"a":True,"b":Alive,"c":-,"d":1.5e,"e":1.#QNAN}', {
    a: "True",
    b: "Alive",
    c: "-",
    d: "1.5e",
    e: "1.#QNAN",
  }],
  ["keys without quotes", "{a:1,b:[{c:2}]}", { a: 1, b: [{ c: 2 }] }],
  ["apostrophes as quotes", String.raw`{'a':'say "x"','b':'it\'s \\ \"','c':"it's"}`, {
    a: 'say "x"',
    b: `it's \\ "`,
    c: "it's",
  }],
  [
    "what looks broken in a text, which stays",
    String.raw`{"a":"x}{y\"}{","nan":"[,nan,inf,}]","c":"poolbinance"}`,
    {
      a: 'x}{y"}{',
      nan: "[,nan,inf,}]",
      c: "poolbinance",
    },
  ],
  ["backslashes that escape nothing, which stay", String.raw`{"a":"D\worker\\\x \u00e4\u12 \'"}`, {
    a: String.raw`D\worker\\x ä\u12 \'`,
  }],
  ["control characters in a text", '{"a":"x\u0001\ty"}', { a: "x  y" }],
  [
    "a name that means something in JavaScript",
    '{"__proto__":{"x":1,},}',
    JSON.parse('{"__proto__":{"x":1}}'),
  ],
];

for (const [what, text, expected] of repaired) {
  Deno.test(`parseCgminerJson() reads an answer with ${what}`, () => {
    assert.deepEqual(parseCgminerJson(text), expected);
  });
}

const hopeless: [what: string, texts: readonly string[]][] = [
  ["not an object", ["", "STATUS=S|", "<html>", '["a"]', "nan"]],
  ["cut off", [
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":[1]',
    '{"a":"x',
    '{"a":"x}',
    '{"a":nan',
    "{",
    '{"a":[{"b":1}',
  ]],
  ["closed by the wrong bracket", ['{"a":[1}', '{"a":{"b":1]}', '{"a":[1]]}', '{"a":[{"b":1]}']],
  ["ambiguous about a figure", [
    '{"a":1,234}',
    '{"a":12 34}',
    '{"a":[1 2]}',
    '{"a":- 5}',
    '{"a":13,56,"b":1}',
  ]],
  ["ambiguous about a text", ['{"a":"say "hi" now"}', '{"a":["say "hi""]}', '{"a":"x"y}']],
  ["without a colon", ['{"a"}', '{"a" 1}', '{"a","b":1}', '{"a":1:2}', '{"a"::1}', "{1}", "{[1]}", "{{}}"]],
];

for (const [what, texts] of hopeless) {
  Deno.test(`parseCgminerJson() does not guess when an answer is ${what}`, () => {
    for (const text of texts) assert.equal(parseCgminerJson(text), null, text);
  });
}

Deno.test("parseCgminerJson() never completes an answer that is cut off", () => {
  const whole =
    `{"STATUS":[,{"STATUS":"S","Msg":"it's, \\\\ \\"}]"}],"POOLS":[{"POOL":0,"User":'a.b',"x":-nan,}{"POOL":1}],"id":1}`;
  assert.notEqual(parseCgminerJson(whole), null);
  for (let length = 0; length < whole.length; length++) {
    assert.equal(parseCgminerJson(whole.slice(0, length)), null, whole.slice(0, length));
  }
});

/** JSON as careless firmware writes it: `separator` beside each bracket and comma outside texts. */
function careless(json: string, separator: string): string {
  return json.replace(
    /("(?:[^"\\]|\\.)*")|([[{])|([}\]])|,/g,
    (token, text, opening, closing) =>
      text ?? (opening ? token + separator : closing ? separator + token : token + separator),
  );
}

Deno.test("parseCgminerJson() reads any object with too many commas, or too few between objects, as it was meant", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const json = JSON.stringify(object);
      const meant = JSON.parse(json);
      for (const separator of [",", " , ,", "\r\n"]) {
        assert.deepEqual(parseCgminerJson(careless(json, separator)), meant);
      }
      const list = `{"a":[${json},${json}]}`;
      assert.deepEqual(parseCgminerJson(list.replace(`${json},${json}`, () => json + json)), {
        a: [meant, meant],
      });
    }),
  );
});

Deno.test("parseCgminerJson() reads an answer of the largest size at once", () => {
  const texts = JSON.stringify({ a: "\\x".repeat(400_000) });
  assert.deepEqual(parseCgminerJson(texts), JSON.parse(texts));
  const nested = "[".repeat(400_000);
  assert.equal(parseCgminerJson(`{"a":${nested}`), null);
});

Deno.test("parseCgminerJson() reads every JSON object as JSON.parse() does, whatever follows", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (object, rest) => {
      const json = JSON.stringify(object);
      assert.deepEqual(parseCgminerJson(json + rest), JSON.parse(json));
    }),
  );
});

Deno.test("parseCgminerJson() never throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...`{}[]"':,\\a1 \0\n`) }), (text) => {
      const parsed = parseCgminerJson(text);
      assert.ok(parsed === null || typeof parsed === "object");
    }),
    { numRuns: 2000 },
  );
});

Deno.test("numberOf() reads numbers and decimal text only", () => {
  const cases: [unknown, number | null][] = [
    [1.5, 1.5],
    ["13564.12", 13564.12],
    [" 7 ", 7],
    ["", null],
    ["-nan", null],
    ["0x10", null],
    ["1e999", null],
    [null, null],
    [true, null],
    [Infinity, null],
  ];
  for (const [value, expected] of cases) assert.equal(numberOf(value), expected, String(value));
});
