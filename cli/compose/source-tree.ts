/** Where a value stands in a file: the key's line for a mapping's value, the item's own line in a list. */
export interface Place {
  /** Absolute. */
  readonly file: string;
  /** The file as messages name it: relative to where the command was typed. */
  readonly shownFile: string;
  /** Counted from 1. */
  readonly line: number;
}

export type ScalarValue = string | number | boolean | null;

export interface ScalarNode {
  readonly kind: "scalar";
  readonly place: Place;
  readonly value: ScalarValue;
  /** True for a number that was written as a fraction or with an exponent: Go prints 1e6 otherwise than 1000000. */
  readonly isFloat?: boolean;
  /** True for an unquoted date, which YAML makes no text of. */
  readonly isDate?: boolean;
  /** True when interpolation put the empty string for a variable that has no value. */
  readonly blanked?: boolean;
}

interface ListNode {
  readonly kind: "list";
  readonly place: Place;
  readonly items: readonly SourceNode[];
}

export interface MappingNode {
  readonly kind: "mapping";
  readonly place: Place;
  readonly entries: ReadonlyMap<string, SourceNode>;
}

/** A YAML document with anchors, aliases and merge keys resolved, and the place of each value kept for messages. */
export type SourceNode = ScalarNode | ListNode | MappingNode;

/** One YAML document of a compose file. */
export interface SourceDocument {
  readonly root: SourceNode;
  /** Key paths tagged !reset or !override: what earlier files said there is dropped. */
  readonly resets: readonly (readonly string[])[];
}

/** Joins keys to the path that messages show: services.web.ports[0]. */
export function joinPath(parent: string, key: string | number): string {
  if (typeof key === "number") return `${parent}[${key}]`;
  return parent === "" ? key : `${parent}.${key}`;
}
