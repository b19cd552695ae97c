import { findNearest } from "../errors/nearest.js";
import { composeError } from "./compose-error.js";
import { InvalidValue } from "./port-mapping.js";
import { joinPath, type MappingNode, type Place, type SourceNode } from "./source-tree.js";

export interface ReadContext {
  /** Remembers where a key path stands, for checks that come after merging. */
  locate(path: string, place: Place): void;
  warn(text: string): void;
}

/**
 * What may stand under one key of a compose file: how its long or short form is read into the project model, how a
 * later file changes it, and what is left of it in the end. Every value between the steps is plain JSON.
 */
export interface Shape {
  /** Undefined: as if the key had not been written. Throws compose.wrong-type and its kin with the place. */
  read(node: SourceNode, path: string, context: ReadContext): unknown;
  /** What both files say together; only called when both said something. */
  merge(base: unknown, override: unknown): unknown;
  /** The value as it stands in the model; undefined leaves the key out. */
  finish(value: unknown): unknown;
}

export type JsonObject = Record<string, unknown>;

/** Go leaves these out of JSON, and with them the interop hash does. */
function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function describeNode(node: SourceNode): string {
  if (node.kind === "list") return "a list";
  if (node.kind === "mapping") return "a mapping";
  if (node.value === null) return "empty";
  if (node.isDate === true) return "a date";
  return typeof node.value === "string" ? "a text" : `a ${typeof node.value}`;
}

/** The value itself is not shown: it can be a secret. */
export function wrongType(node: SourceNode, path: string, wanted: string) {
  return composeError({
    code: "wrong-type",
    message: `${path} must be ${wanted}, it is ${describeNode(node)}`,
    place: node.place,
    path,
    ...(node.kind === "scalar" && node.isDate === true
      ? { hint: "Put a date in quotes to make it a text." }
      : {}),
  });
}

/** Turns an InvalidValue of a value parser into an error with the place. */
export function readValue<Value>(node: SourceNode, path: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    throw composeError({
      code: "invalid-value",
      message: `${path}: ${error.message}`,
      place: node.place,
      path,
    });
  }
}

/** A variable without a value made this empty: commands that work on labels then go on without the key. */
export function readChild(
  shape: Shape,
  node: SourceNode,
  at: { path: string; context: ReadContext },
): unknown {
  at.context.locate(at.path, node.place);
  if (node.kind !== "scalar" || node.blanked !== true) return shape.read(node, at.path, at.context);
  try {
    return shape.read(node, at.path, at.context);
  } catch {
    return undefined;
  }
}

export interface Field {
  readonly shape: Shape;
  /** Kept in the model also when it is false, 0 or empty. */
  readonly keep?: boolean;
}

export interface ObjectRules {
  /** Keys of the Compose specification that this program does not act on: refused by name. */
  readonly unsupported?: readonly string[];
  /** Keeps x-* keys in the model. */
  readonly keepExtensions?: boolean;
}

/** A mapping with known keys. */
export function object(fields: Readonly<Record<string, Field>>, rules: ObjectRules = {}): Shape {
  const shapeOf = (key: string): Shape => fields[key]?.shape ?? extension;
  return {
    read(node, path, context) {
      if (node.kind !== "mapping") throw wrongType(node, path, "a mapping");
      const value: JsonObject = {};
      for (const [key, child] of node.entries) {
        if (key.startsWith("x-")) {
          if (rules.keepExtensions === true) value[key] = extension.read(child, joinPath(path, key), context);
          continue;
        }
        if (!Object.hasOwn(fields, key)) throw refuseKey(key, { node, path, fields, rules });
        const read = readChild(shapeOf(key), child, { path: joinPath(path, key), context });
        if (read !== undefined) value[key] = read;
      }
      return value;
    },
    merge: (base, override) => mergeObjects(base as JsonObject, override as JsonObject, shapeOf),
    finish(value) {
      const finished: JsonObject = {};
      for (const [key, child] of Object.entries(value as JsonObject)) {
        const result = shapeOf(key).finish(child);
        const kept = fields[key]?.keep === true || !Object.hasOwn(fields, key);
        if (result !== undefined && (kept || !isZero(result))) finished[key] = result;
      }
      return finished;
    },
  };
}

/** Key by key; a key that only one of the two has is taken as it is. */
export function mergeObjects(
  base: JsonObject,
  override: JsonObject,
  shapeOf: (key: string) => Shape,
): JsonObject {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(override)) {
    merged.set(key, merged.has(key) ? shapeOf(key).merge(merged.get(key), value) : value);
  }
  return Object.fromEntries(merged);
}

function refuseKey(
  key: string,
  at: { node: MappingNode; path: string; fields: Readonly<Record<string, Field>>; rules: ObjectRules },
) {
  const path = joinPath(at.path, key);
  const place = at.node.entries.get(key)?.place ?? at.node.place;
  if (at.rules.unsupported?.includes(key) === true) {
    return composeError({
      code: "unsupported-key",
      message: `${path} is a Compose key that mybroker does not support`,
      place,
      path,
      hint: "Take it out, or run this file with docker compose. Supported keys: docs/compose-support.md",
    });
  }
  const near = findNearest(key, [...Object.keys(at.fields), ...(at.rules.unsupported ?? [])]);
  return composeError({
    code: "unknown-key",
    message: `unknown key ${path}`,
    place,
    path,
    hint: near === undefined ? "Supported keys: docs/compose-support.md" : `Did you mean ${near}?`,
    details: near === undefined ? {} : { didYouMean: near },
  });
}

/** The value of an x-* key: whatever it is. */
const extension: Shape = {
  read: (node) => plainValue(node),
  merge(base, override) {
    if (override === null || override === undefined) return base;
    if (Array.isArray(base) && Array.isArray(override)) return [...base, ...override];
    if (isPlainObject(base) && isPlainObject(override)) return mergeObjects(base, override, () => extension);
    return override;
  },
  finish: (value) => value,
};

function isPlainObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function plainValue(node: SourceNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(plainValue);
  return Object.fromEntries([...node.entries].map(([key, child]) => [key, plainValue(child)]));
}
