import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./read-pages.js";

interface Part {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Part>>;
  readonly items?: Part;
  readonly definitions?: Readonly<Record<string, Part>>;
}

const schema = JSON.parse(readFileSync(join(root, "contracts/x-mybroker.schema.json"), "utf8")) as Part;

/** The part of docs/x-mybroker.md that says what the schema says: a row for each key, those below it behind it. */
export function buildReference(): string {
  return ["| key | value | |", "|---|---|---|", ...rowsOf(schema, "")].join("\n");
}

function rowsOf(part: Part, path: string): string[] {
  return Object.entries(part.properties ?? {}).flatMap(([name, property]) => {
    const whole = { ...resolve(property), ...property };
    const required = part.required?.includes(name) === true ? "**required.** " : "";
    const row = `| \`${path}${name}\` | ${describeValue(whole)} | ${required}${cell(whole.description ?? "")} |`;
    const below = whole.items === undefined ? whole : resolve(whole.items);
    return [row, ...rowsOf(below, `${path}${name}${whole.items === undefined ? "" : "[]"}.`)];
  });
}

function resolve(part: Part): Part {
  const name = part.$ref?.replace("#/definitions/", "");
  return name === undefined ? part : (schema.definitions?.[name] ?? part);
}

function describeValue(part: Part): string {
  if (part.enum !== undefined) return part.enum.map((value) => `\`${value}\``).join(", ");
  if (part.type === "array") return `list of ${describeValue(resolve(part.items ?? {}))}s`;
  if (part.minimum !== undefined) return `${part.minimum} to ${part.maximum}`;
  if (part.pattern !== undefined) return `text, \`${cell(part.pattern)}\``;
  return part.type === "object" ? "mapping" : "text";
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
