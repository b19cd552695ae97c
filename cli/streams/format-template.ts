import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import { findNearest } from "../errors/nearest.js";
import { isoTime } from "./format-text.js";
import { printable } from "./printable.js";
import { decode, type StreamRecord, toBuffer } from "./record.js";

type Part = string | ((record: StreamRecord) => unknown);

const fields: Readonly<Record<string, (record: StreamRecord) => unknown>> = {
  time: ({ publishedMs }) => isoTime(publishedMs),
  source: ({ source }) => source,
  stream: ({ stream }) => stream,
  key: ({ key }) => key,
  partition: ({ partition }) => partition,
  offset: ({ offset }) => offset,
  exchange: ({ exchange }) => exchange,
  routingKey: ({ source, key }) => (source === "rabbit" ? key : undefined),
  headers: ({ headers }) => headers,
  value: (record) => decode(record) ?? toBuffer(record.bytes ?? new Uint8Array()).toString("utf8"),
};

/**
 * A line made of words and places such as {time}, {headers.traceparent} or {value.ticker}. What a record does not have
 * is empty. "{{" and "}}" are braces, \t and \n what they are elsewhere.
 * @throws MybrokerError usage.bad-template, exit 2
 */
export function createTemplate(template: string): (record: StreamRecord) => string {
  const parts = parse(template);
  return (record) =>
    parts.map((part) => (typeof part === "string" ? part : printable(textOf(part(record))))).join("");
}

function parse(template: string): Part[] {
  const parts: Part[] = [];
  const pattern = /\{\{|\}\}|\\[ntr\\]|\{([^{}]*)\}|[{}]/g;
  let end = 0;
  for (const match of template.matchAll(pattern)) {
    const [whole, path] = match;
    parts.push(template.slice(end, match.index));
    end = match.index + whole.length;
    if (path !== undefined) parts.push(readPath(path.trim()));
    else if (whole.length === 2) parts.push(escapes[whole] ?? whole);
    else throw badTemplate(`a single ${whole} at ${match.index + 1}; a brace itself is written twice`);
  }
  return [...parts, template.slice(end)].filter((part) => part !== "");
}

const escapes: Readonly<Record<string, string>> = {
  "{{": "{",
  "}}": "}",
  "\\n": "\n",
  "\\t": "\t",
  "\\r": "\r",
  "\\\\": "\\",
};

/** "value.items[0].price" or "headers.x-published-at". */
function readPath(path: string): Part {
  const [root = "", ...steps] = path.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
  const field = fields[root];
  if (field === undefined) {
    const nearest = findNearest(root, Object.keys(fields));
    const meant = nearest === undefined ? "" : `; did you mean {${nearest}}?`;
    throw badTemplate(`{${path}} is not known: there are ${Object.keys(fields).join(", ")}${meant}`);
  }
  return (record) => steps.reduce<unknown>((value, step) => stepInto(value, step), field(record));
}

function stepInto(value: unknown, step: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[step];
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function badTemplate(what: string): MybrokerError {
  return new MybrokerError({
    code: "usage.bad-template",
    message: `--template: ${what}`,
    hint: "For example:  {mybroker} tail orders --template '{time} {key} {value.ticker}'",
    exitCode: exitCodes.usage,
  });
}
