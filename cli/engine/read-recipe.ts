import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Build } from "../compose/model.js";
import { contentLabel, type Recipe } from "../reconcile/observed.js";

/** What a build's Dockerfile says of its image; undefined where there is no such file yet. */
export async function readRecipe(build: Build): Promise<Recipe | undefined> {
  const path = resolve(build.context ?? ".", build.dockerfile ?? "Dockerfile");
  const text =
    build.dockerfile_inline ?? (await readFile(path, "utf8").catch((): string | undefined => undefined));
  return text === undefined ? undefined : parseRecipe(text, build.args ?? {});
}

/** FROM and the label of ours are all that is understood; other lines are the engine's business. */
export function parseRecipe(text: string, args: Readonly<Record<string, string | null>>): Recipe {
  const defaults = [...text.matchAll(/^ARG +(\w+)=("?)(.*?)\2\s*$/gim)].map(([, name = "", , value = ""]) => [
    name,
    value,
  ]);
  const values = new Map<string, string>(defaults as [string, string][]);
  for (const [name, value] of Object.entries(args)) if (value !== null) values.set(name, value);
  const expand = (line: string) =>
    line.replaceAll(/\$\{(\w+)\}|\$(\w+)/g, (_, a, b) => values.get(a ?? b) ?? "");
  const stages = [...text.matchAll(/^FROM +(?:--\S+ +)*(\S+)(?: +AS +(\S+))?/gim)];
  const named = new Set(["scratch", ...stages.map(([, , name]) => name?.toLowerCase())]);
  const bases = stages.map(([, base = ""]) => expand(base)).filter((base) => !named.has(base.toLowerCase()));
  const label = new RegExp(`^LABEL +${contentLabel.replaceAll(".", "\\.")}="([^"]*)"`, "im").exec(text)?.[1];
  return {
    bases: [...new Set(bases)].filter((base) => base !== ""),
    ...(label === undefined ? {} : { content: expand(label) }),
  };
}
