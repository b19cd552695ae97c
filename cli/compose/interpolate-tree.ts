import { composeError } from "./compose-error.js";
import { InvalidTemplate, interpolate, type Lookup, type VariableMention } from "./interpolate.js";
import type { SourcePlace, VariableUse } from "./model.js";
import { joinPath, type Place, type ScalarNode, type SourceNode } from "./source-tree.js";

export interface MissingVariable {
  readonly name: string;
  /** The text after :? in the file; empty when there is none. */
  readonly message: string;
  readonly place: Place;
  readonly path: string;
}

interface MutableUse {
  required: boolean;
  defaultValue?: string;
  places: SourcePlace[];
}

/** Interpolates documents and keeps count of the variables that they use. */
export class TreeInterpolator {
  readonly missing: MissingVariable[] = [];
  private readonly uses = new Map<string, MutableUse>();
  private readonly warned = new Set<string>();

  constructor(
    private readonly lookup: Lookup,
    private readonly options: {
      readonly warn: (text: string) => void;
      /** Marks texts that a variable without a value made empty, so that a shape can pass them over. */
      readonly tolerant: boolean;
    },
  ) {}

  get variables(): Record<string, VariableUse> {
    return Object.fromEntries(this.uses);
  }

  /** Every text of the tree with its variables replaced. Keys are left as they are. */
  interpolateTree(node: SourceNode, path = ""): SourceNode {
    if (node.kind === "list") {
      return {
        ...node,
        items: node.items.map((item, index) => this.interpolateTree(item, joinPath(path, index))),
      };
    }
    if (node.kind === "mapping") {
      const entries = [...node.entries].map(
        ([key, child]) => [key, this.interpolateTree(child, joinPath(path, key))] as const,
      );
      return { ...node, entries: new Map(entries) };
    }
    return typeof node.value === "string" ? this.interpolateScalar(node, node.value, path) : node;
  }

  private interpolateScalar(node: ScalarNode, template: string, path: string): ScalarNode {
    if (!template.includes("$")) return node;
    let blanked = false;
    const value = this.guard(node.place, path, () =>
      interpolate(template, this.lookup, (mention) => {
        blanked ||= mention.missing || mention.unset;
        this.count(mention, node.place, path);
      }),
    );
    return { ...node, value, ...(blanked && this.options.tolerant ? { blanked } : {}) };
  }

  private guard(place: Place, path: string, run: () => string): string {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof InvalidTemplate)) throw error;
      throw composeError({ code: "interpolation", message: `${path}: ${error.message}`, place, path });
    }
  }

  private count(mention: VariableMention, place: Place, path: string): void {
    const use = this.uses.get(mention.name) ?? { required: false, places: [] };
    this.uses.set(mention.name, use);
    use.required ||= mention.required;
    if (mention.defaultValue !== undefined) use.defaultValue ??= mention.defaultValue;
    use.places.push({ file: place.file, line: place.line, path });
    if (mention.missing)
      this.missing.push({ name: mention.name, message: mention.message ?? "", place, path });
    if (mention.unset && !this.warned.has(mention.name)) {
      this.warned.add(mention.name);
      this.options.warn(
        `The variable ${mention.name} is not set, it is taken as empty (${place.shownFile}:${place.line})`,
      );
    }
  }
}

/** One error that lists every missing variable with its places and what the file says about it. */
export function missingVariablesError(missing: readonly MissingVariable[]) {
  const byName = groupByName(missing);
  const names = [...byName.keys()];
  const lines = [...byName].map(([name, items]) => {
    const places = listPlaces(items.map((item) => item.place));
    const message = items.find((item) => item.message !== "")?.message;
    return `  ${name}  ${places}${message === undefined ? "" : `  ${message}`}`;
  });
  const [first] = missing;
  return composeError({
    code: "missing-variable",
    message:
      names.length === 1
        ? `the variable ${names[0]} has no value`
        : `${names.length} variables have no value: ${names.join(", ")}`,
    lines,
    hint: "Set them in .env; a stack's own secrets are made by:  {mybroker} init",
    details: {
      variables: [...byName].map(([name, items]) => ({
        name,
        message: items.find((item) => item.message !== "")?.message,
        places: items.map((item) => ({ file: item.place.file, line: item.place.line, path: item.path })),
      })),
      file: first?.place.file,
      line: first?.place.line,
    },
  });
}

/** "compose.yml:77, 94, override.yml:3" */
function listPlaces(places: readonly Place[]): string {
  const lines = new Map<string, Set<number>>();
  for (const { shownFile, line } of places)
    lines.set(shownFile, (lines.get(shownFile) ?? new Set()).add(line));
  return [...lines].map(([file, numbers]) => `${file}:${[...numbers].join(", ")}`).join(", ");
}

function groupByName(missing: readonly MissingVariable[]): Map<string, MissingVariable[]> {
  const groups = new Map<string, MissingVariable[]>();
  for (const item of missing) groups.set(item.name, [...(groups.get(item.name) ?? []), item]);
  return groups;
}
