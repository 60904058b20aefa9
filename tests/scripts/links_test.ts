import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** All Markdown files in a folder, relative to the repository. */
function markdownIn(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory) return markdownIn(path);
    return path.endsWith(".md") ? [path] : [];
  });
}

/** The text without code, which is not read for links or headings. */
function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, "").replaceAll(/^ {4}.*$/gm, "");
}

/** The anchors that the headings of a page get on GitHub. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
    const plain = heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(/\s/g, "-");
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

function linksOf(text: string): string[] {
  const plain = withoutCode(text).replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ""));
  return [...plain.matchAll(/\]\(([^()\s]+)\)/g)].map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** Why a link leads nowhere; `null` when it is fine. */
function problemOf(link: string, page: string): string | null {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : join(dirname(page), path);
  try {
    Deno.statSync(join(ROOT, target));
  } catch {
    return `${link}: there is no ${target}`;
  }
  if (anchor === undefined) return null;
  return anchorsOf(Deno.readTextFileSync(join(ROOT, target))).includes(anchor)
    ? null
    : `${link}: ${target} has no such heading`;
}

/** The paths in `src`, `tests` and `scripts` that a page names as code. */
function pathsOf(text: string): string[] {
  const codes = [...text.matchAll(/`((?:src|tests|scripts)\/[A-Za-z0-9_./-]*)`/g)];
  return codes.map(([, path]) => path!);
}

const PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", ...markdownIn("docs")];

for (const page of PAGES) {
  Deno.test(`${page} links to files and headings that exist`, () => {
    const links = linksOf(Deno.readTextFileSync(join(ROOT, page)));
    assert.deepEqual(links.map((link) => problemOf(link, page)).filter((problem) => problem !== null), []);
  });

  Deno.test(`${page} names files of the repository that exist`, () => {
    const paths = pathsOf(Deno.readTextFileSync(join(ROOT, page)));
    assert.deepEqual(paths.filter((path) => problemOf(path, "README.md") !== null), []);
  });
}

Deno.test("README.md links to every page of docs/", () => {
  const links = linksOf(Deno.readTextFileSync(join(ROOT, "README.md"))).map((link) => link.split("#")[0]);
  const pages = markdownIn("docs").filter((page) => dirname(page) === "docs");
  assert.deepEqual(pages.filter((page) => !links.includes(page)), []);
});

Deno.test("The test of links finds links that lead nowhere", () => {
  const text =
    "[a](no-such-file.md), [`[b]`](README.md#no-such-heading), [c](https://example.org), [d](LICENSE)\n";
  assert.deepEqual(linksOf(text).map((link) => problemOf(link, "README.md")), [
    "no-such-file.md: there is no no-such-file.md",
    "README.md#no-such-heading: README.md has no such heading",
    null,
  ]);
  assert.deepEqual(pathsOf("`src/no_such.ts` and `tests/`, not `deno task test` or src/other.ts"), [
    "src/no_such.ts",
    "tests/",
  ]);
  assert.deepEqual(anchorsOf("# `[[a.b]]`\n\n## Two words\n\n## Two words\n"), [
    "ab",
    "two-words",
    "two-words-1",
  ]);
});
