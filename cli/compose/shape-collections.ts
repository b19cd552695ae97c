import { InvalidValue } from "./port-mapping.js";
import {
  type JsonObject,
  mergeObjects,
  type ReadContext,
  readChild,
  readValue,
  type Shape,
  wrongType,
} from "./shape.js";
import { readText } from "./shape-values.js";
import { joinPath, type SourceNode } from "./source-tree.js";
import { formatScalar } from "./yaml-scalar.js";

/** Keeps the last of those with the same key, at the place of the first. */
function uniqueBy(items: readonly unknown[], keyOf: (item: unknown) => string): unknown[] {
  const unique = new Map<string, unknown>();
  for (const item of items) unique.set(keyOf(item), item);
  return [...unique.values()];
}

export interface ListRules {
  readonly readItem: (node: SourceNode, path: string, context: ReadContext) => unknown;
  /** Items with the same key are one, the later file's. Without it every item stays. */
  readonly keyOf?: (item: unknown) => string;
  /** A single text in place of the list. */
  readonly orText?: boolean;
  readonly wanted?: string;
}

/** A list to which a later file adds. */
export function list(rules: ListRules): Shape {
  const dedupe = (items: readonly unknown[]) =>
    rules.keyOf === undefined ? [...items] : uniqueBy(items, rules.keyOf);
  const item: Shape = {
    read: rules.readItem,
    merge: (_base, override) => override,
    finish: (value) => value,
  };
  return {
    read(node, path, context) {
      const isText = rules.orText === true && node.kind === "scalar" && typeof node.value === "string";
      if (node.kind !== "list" && !isText) throw wrongType(node, path, rules.wanted ?? "a list");
      const nodes = node.kind === "list" ? node.items : [node];
      const values = nodes.flatMap((child, index) => {
        const value = readChild(item, child, { path: joinPath(path, index), context });
        if (value === undefined) return [];
        return Array.isArray(value) ? value : [value];
      });
      return dedupe(values);
    },
    merge: (base, override) => dedupe([...(base as unknown[]), ...(override as unknown[])]),
    finish: (value) => value,
  };
}

export const byName = (item: unknown): string => String(item).split("=")[0] ?? "";

export const textList = list({ readItem: readText });
export const uniqueTextList = list({ readItem: readText, keyOf: byName });
export const textOrList = list({
  readItem: readText,
  keyOf: byName,
  orText: true,
  wanted: "a text or a list",
});

/** A mapping with keys of the user's choosing. */
export function mapOf(
  shape: Shape,
  rules: { readonly keys?: RegExp; readonly nullIs?: unknown } = {},
): Shape {
  const keys = rules.keys ?? /./;
  return {
    read(node, path, context) {
      if (node.kind !== "mapping") throw wrongType(node, path, "a mapping");
      const entries: [string, unknown][] = [];
      for (const [key, child] of node.entries) {
        readValue(child, joinPath(path, key), () => {
          if (!keys.test(key)) throw new InvalidValue("a name is made of letters, digits, dots, - and _");
        });
        const isNull = child.kind === "scalar" && child.value === null && "nullIs" in rules;
        if (isNull) context.locate(joinPath(path, key), child.place);
        const value = isNull ? rules.nullIs : readChild(shape, child, { path: joinPath(path, key), context });
        if (value !== undefined) entries.push([key, value]);
      }
      return Object.fromEntries(entries);
    },
    merge: (base, override) => mergeObjects(base as JsonObject, override as JsonObject, () => orNull(shape)),
    finish(value) {
      const entries = Object.entries(value as JsonObject).map(([key, child]) => [
        key,
        orNull(shape).finish(child),
      ]);
      return Object.fromEntries(entries.filter(([, child]) => child !== undefined));
    },
  };
}

function orNull(shape: Shape): Shape {
  return {
    read: shape.read,
    merge: (base, override) => {
      if (override === null) return base;
      return base === null ? override : shape.merge(base, override);
    },
    finish: (value) => (value === null ? null : shape.finish(value)),
  };
}

/** "KEY=value" items or a mapping; a key alone has the value `unset`. */
export function keyValues(rules: { readonly unset: null | "" }): Shape {
  return {
    read(node, path, context) {
      if (node.kind === "scalar") throw wrongType(node, path, "a mapping or a list");
      const entries =
        node.kind === "mapping"
          ? [...node.entries].map(([key, child]) => [
              key,
              readPairValue(child, joinPath(path, key), rules.unset),
            ])
          : node.items.map((child, index) => readPair(child, joinPath(path, index), rules.unset));
      context.locate(path, node.place);
      return Object.fromEntries(entries);
    },
    merge: (base, override) => ({ ...(base as JsonObject), ...(override as JsonObject) }),
    finish: (value) => value,
  };
}

function readPairValue(node: SourceNode, path: string, unset: null | ""): string | null {
  if (node.kind !== "scalar" || node.isDate === true) {
    throw wrongType(node, path, "a text, a number, true, false or empty");
  }
  return node.value === null ? unset : formatScalar(node);
}

function readPair(node: SourceNode, path: string, unset: null | ""): [string, string | null] {
  const pair = readText(node, path);
  const at = pair.indexOf("=");
  const key = at < 0 ? pair : pair.slice(0, at);
  return readValue(node, path, () => {
    if (/\s$/.test(key)) throw new InvalidValue(`the name "${key.trim()}" is followed by a space`);
    return [key, at < 0 ? unset : pair.slice(at + 1)];
  });
}
