import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkLine } from "./docs/check-line.js";
import { listPages, readPage, root } from "./docs/read-pages.js";
import { shellLinesOf } from "./docs/shell-lines.js";

function problemsOf(text: string): string[] {
  return shellLinesOf(text).flatMap(checkLine);
}

describe("what a page has its reader type", () => {
  it.each(listPages().filter((page) => !page.startsWith("docs/adr/")))("is right in %s", (path) => {
    expect(problemsOf(readPage(path).text).join("\n")).toBe("");
  });

  it("is found: no page of a command is without", () => {
    const found = listPages(join(root, "docs/commands")).filter(
      (path) => shellLinesOf(readPage(path).text).length === 0,
    );
    expect(found).toEqual([]);
  });

  it.each([
    ["an unknown command", "```sh\nmybroker upp\n```", "unknown command upp"],
    ["an unknown option", "```sh\nnpx mybroker up --fast\n```", "unknown option --fast"],
    ["a bad value", "```console\n$ mybroker up --pull sometimes\n```", "sometimes"],
    ["a word too many", "```\n$ mybroker down kafka\n```", "too many arguments"],
    ["a missing word", "```sh\nmybroker exec\n```", "missing required argument"],
    ["an unknown service", "`mybroker logs broker-orders`", "there is no broker-orders"],
    ["code that is broken over two lines", "says `mybroker\nlogz`", "unknown command logz"],
    ["an unknown stream", "```sh\nmybroker tail order\n```", "there is no order"],
    ["an unknown topic", "```sh\nmybroker tail --kafka order-events-v2\n```", "there is no order-events-v2"],
    ["an unknown ticker", "```sh\nmybroker order buy PETR5 100\n```", "there is no PETR5"],
    [
      "a command in a substitution",
      '```sh\ncurl -H "a: $(npx mybroker tokens)" x\n```',
      "unknown command tokens",
    ],
    ["a command behind another", "```sh\nmybroker up && mybroker tale | head\n```", "unknown command tale"],
    ["a step of a recipe", "```yaml\nsteps:\n  - run: npx mybroker up --wait-time 5\n```", "unknown option"],
    [
      "a line of a recipe's script",
      "```yaml\nrun: |\n    npx mybroker downn -v\n```",
      "unknown command downn",
    ],
    ["a script that is not there", "`npm run fly`", "package.json has no fly"],
  ])("is refused with %s", (_, page, problem) => {
    const problems = problemsOf(page);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it.each([
    "`mybroker exec`",
    "`mybroker up SERVICE`",
    "`mybroker logs \\| head`",
    "```sh\nMYBROKER_RUNTIME=docker mybroker up   # of a CI\n```",
    "```sh\nif ! npx mybroker doctor > report.txt 2>&1; then npx mybroker logs -n 50; fi\n```",
    "```\n$ mybroker up\nmybroker said something\n```",
    "```\n$ mybroker up -q\nmybroker: unknown option -q. For quiet progress: …\n```",
    "```python\nmybroker nonsense\n```",
    "`npm run -s bench -- orders --write`",
  ])("is taken: %s", (page) => {
    expect(problemsOf(page)).toEqual([]);
  });
});

describe("files that a page has its reader run", () => {
  it.each(listPages().filter((page) => !page.startsWith("docs/adr/")))("are there: %s", (path) => {
    const named = shellLinesOf(readPage(path).text).flatMap(({ text }) => [
      ...text.matchAll(/(?<![\w./-])(?:tools|examples|templates|contracts)\/[\w./-]+\w/g),
    ]);
    expect(named.map(([file]) => file).filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});
