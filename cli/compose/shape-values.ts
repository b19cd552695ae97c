import { parseByteSize } from "./byte-size.js";
import { formatDuration, parseDuration } from "./duration.js";
import { InvalidValue } from "./port-mapping.js";
import { type ReadContext, readValue, type Shape, wrongType } from "./shape.js";
import type { SourceNode } from "./source-tree.js";
import { formatScalar } from "./yaml-scalar.js";

/** A single value that a later file replaces. */
export function scalar(read: (node: SourceNode, path: string, context: ReadContext) => unknown): Shape {
  return { read, merge: (_base, override) => override, finish: (value) => value };
}

export function readText(node: SourceNode, path: string): string {
  if (node.kind === "scalar" && typeof node.value === "string" && node.isDate !== true) return node.value;
  throw wrongType(node, path, "a text");
}

/** Reads numbers and booleans as Go prints them, too. */
export function readLooseText(node: SourceNode, path: string): string {
  if (node.kind === "scalar" && node.value !== null && node.isDate !== true) return formatScalar(node);
  throw wrongType(node, path, "a text or a number");
}

export const text = scalar(readText);
export const looseText = scalar(readLooseText);

/** One of a few words. */
export function word(...allowed: readonly string[]): Shape {
  return scalar((node, path) => {
    const value = readText(node, path);
    return readValue(node, path, () => {
      if (allowed.includes(value)) return value;
      throw new InvalidValue(`"${value}" is none of ${allowed.join(", ")}`);
    });
  });
}

const booleanWords: Readonly<Record<string, boolean>> = {
  true: true,
  y: true,
  yes: true,
  on: true,
  false: false,
  n: false,
  no: false,
  off: false,
};

export const boolean = scalar((node, path, context) => {
  if (node.kind === "scalar" && typeof node.value === "boolean") return node.value;
  const value = node.kind === "scalar" && typeof node.value === "string" ? node.value.toLowerCase() : "";
  const result = booleanWords[value];
  if (result === undefined) throw wrongType(node, path, "true or false");
  if (value !== "true" && value !== "false") {
    context.warn(`${path}: "${value}" is not a boolean in YAML 1.2, write ${result}`);
  }
  return result;
});

export function readInteger(node: SourceNode, path: string): number {
  if (node.kind === "scalar") {
    const value =
      typeof node.value === "string" && /^[-+]?\d+$/.test(node.value) ? Number(node.value) : node.value;
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  }
  throw wrongType(node, path, "a whole number");
}

export const integer = scalar(readInteger);

export const port = scalar((node, path) => {
  const value = readInteger(node, path);
  return readValue(node, path, () => {
    if (value >= 1 && value <= 65_535) return value;
    throw new InvalidValue(`${value} is no port (1 to 65535)`);
  });
});

/** A number of CPUs; Compose keeps it in 32 bits and prints the shortest decimal that means the same. */
export const cpus = scalar((node, path) => {
  const value = node.kind === "scalar" && node.value !== "" ? Number(node.value ?? Number.NaN) : Number.NaN;
  if (!Number.isFinite(value) || value < 0) throw wrongType(node, path, "a number of CPUs");
  return shortestFloat32(value);
});

function shortestFloat32(value: number): number {
  const target = Math.fround(value);
  for (let precision = 1; precision < 10; precision++) {
    const candidate = Number(target.toPrecision(precision));
    if (Math.fround(candidate) === target) return candidate;
  }
  return target;
}

function readBytes(node: SourceNode, path: string): string {
  if (node.kind !== "scalar" || node.value === null) throw wrongType(node, path, 'a size such as "512m"');
  if (Number.isSafeInteger(node.value) && node.isFloat !== true) return String(node.value);
  const value = String(node.value);
  return readValue(node, path, () => {
    const size = typeof node.value === "string" ? parseByteSize(value) : undefined;
    if (size === undefined) throw new InvalidValue(`"${value}" is no size; write 512m or 1g, or whole bytes`);
    return String(size);
  });
}

/** Decimal bytes as a text. */
export const bytes: Shape = { ...scalar(readBytes), finish: (value) => (value === "0" ? undefined : value) };

/** Also -1, no limit, and as a text, which is how a resolved project prints it. */
export const bytesOrUnlimited: Shape = {
  ...bytes,
  read: (node, path) => (node.kind === "scalar" && node.value === "-1" ? "-1" : readBytes(node, path)),
};

/** A duration in Go form. */
export const duration = scalar((node, path) => {
  const value = readText(node, path);
  return readValue(node, path, () => {
    const nanoseconds = parseDuration(value);
    if (nanoseconds === undefined)
      throw new InvalidValue(`"${value}" is no duration; write 10s, 1m30s or 500ms`);
    return formatDuration(nanoseconds);
  });
});

/** File mode, in the model "0" and its octal digits. A text is octal; a number is what YAML made of it. */
export const fileMode = scalar((node, path) => {
  if (node.kind === "scalar" && typeof node.value === "string") {
    const octal = node.value;
    return readValue(node, path, () => {
      if (!/^[0-7]+$/.test(octal)) throw new InvalidValue(`"${octal}" is no file mode; write "0444"`);
      return `0${Number.parseInt(octal, 8).toString(8)}`;
    });
  }
  return `0${readInteger(node, path).toString(8)}`;
});
