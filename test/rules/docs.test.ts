import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type KnownCause, knownCauses } from "../../cli/errors/known-causes.js";
import { exitCodes } from "../../cli/errors/mybroker-error.js";
import { readPage, readSections, root } from "./docs/read-pages.js";

/** As troubleshooting.md writes it: names to be filled in as capitals, commands spelled out. */
function spell(text: string): string {
  return text
    .replaceAll("{mybroker}", "mybroker")
    .replace(/(?<!\$)\{(\w+)\}/g, (_, name: string) => name.replace(/([A-Z])/g, "_$1").toUpperCase())
    .replaceAll("|", "\\|");
}

function causeRow({ id, cause, fix }: KnownCause): string {
  return `| \`${id}\` | ${spell(cause)} | ${spell(fix)} |`;
}

describe("docs/exit-codes.md", () => {
  it("has every exit code under its name, and no other", () => {
    const rows = [...readPage("docs/exit-codes.md").text.matchAll(/^\| (\d+) \| (\w+) \|/gm)];
    expect(Object.fromEntries(rows.map(([, code, name]) => [name, Number(code)]))).toEqual(exitCodes);
  });
});

describe("docs/troubleshooting.md", () => {
  it("has every known cause with its texts, in the order in which they are tried", () => {
    const causes = readSections(readPage("docs/troubleshooting.md").text)["Known causes"] ?? "";
    const rows = causes.split("\n").filter((line) => line.startsWith("| `"));
    expect(rows).toEqual(knownCauses.map(causeRow));
  });
});

describe("README.pt-BR.md", () => {
  const commandsOf = (path: string): string[] => {
    const { text } = readPage(path);
    return [...text.matchAll(/^```sh\n.*?^```|`(?:npx )?mybroker[^`\n]*`/gms)].map(([code]) => code);
  };

  it("has README's commands, in blocks and in sentences, in its order", () => {
    expect(commandsOf("README.md").length).toBeGreaterThan(20);
    expect(commandsOf("README.pt-BR.md")).toEqual(commandsOf("README.md"));
  });

  it("is one page, as README is", () => {
    for (const path of ["README.md", "README.pt-BR.md"])
      expect(readPage(path).text.split("\n").length, path).toBeLessThan(130);
  });
});

describe("docs/json.md", () => {
  it("leads to every schema", () => {
    const { text } = readPage("docs/json.md");
    const schemas = readdirSync(join(root, "docs/schema"));
    expect(schemas.filter((file) => !text.includes(`(schema/${file})`))).toEqual([]);
  });
});

describe(".devcontainer/devcontainer.json", () => {
  const text = readPage(".devcontainer/devcontainer.json").text.replace(/^ *\/\/.*$/gm, "");
  const { image, forwardPorts, customizations } = JSON.parse(text) as {
    readonly image: string;
    readonly forwardPorts: readonly number[];
    readonly customizations: { readonly vscode: { readonly settings: { readonly "yaml.schemas": object } } };
  };

  it("has a Node.js that is supported, ports of .env.example and schemas that are there", () => {
    expect(Number(/:(\d+)/.exec(image)?.[1])).toBeGreaterThanOrEqual(20);
    const example = readPage(".env.example").text;
    for (const port of forwardPorts) expect(example).toMatch(new RegExp(`^\\w+_HOST_PORT=${port}$`, "m"));
    for (const schema of Object.keys(customizations.vscode.settings["yaml.schemas"]))
      expect(existsSync(join(root, schema)), schema).toBe(true);
  });
});

describe("CONTRIBUTING.md", () => {
  it("says of every folder what it holds", () => {
    const cells = [...readPage("CONTRIBUTING.md").text.matchAll(/^\| ([\w/, -]+) \| \S/gm)];
    const named = cells.flatMap(([, cell = ""]) => cell.split(", "));
    const folders = ["", "cli/", "embedded/"].flatMap((parent) =>
      readdirSync(join(root, parent), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !/^\.|^(?:coverage|dist|node_modules)$/.test(entry.name))
        .map((entry) => `${parent}${entry.name}`),
    );
    const isNamed = (folder: string) =>
      named.some((name) => name === folder || name.startsWith(`${folder}/`));
    expect(folders.filter((folder) => !isNamed(folder))).toEqual([]);
    expect(
      named.filter((name) => name.includes("/") && !name.endsWith("NAME") && !existsSync(join(root, name))),
    ).toEqual([]);
  });
});
