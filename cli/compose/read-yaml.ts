import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseAllDocuments,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { composeError } from "./compose-error.js";
import type { Place, SourceDocument, SourceNode } from "./source-tree.js";
import { resolvePlainScalar } from "./yaml-scalar.js";

/** Nodes of one file after aliases are followed: a file that grows past it is a bomb, not a compose file. */
const nodeLimit = 100_000;

const coreTags = "tag:yaml.org,2002:";

/** Which file a text came from: its absolute path, and the name that messages give it. */
export interface SourceFile {
  readonly file: string;
  readonly shownFile: string;
}

/** Reads the YAML documents of one file. Throws compose.malformed. */
export function readYaml(text: string, file: SourceFile): SourceDocument[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { schema: "failsafe", lineCounter, prettyErrors: false });
  if ("empty" in documents) return [];
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw malformed(error, text, { ...file, lineCounter });
    return new DocumentReader(document, file, lineCounter).read();
  });
}

function malformed(error: YAMLError, text: string, source: SourceFile & { lineCounter: LineCounter }) {
  const { line, col } = source.lineCounter.linePos(error.pos[0]);
  const excerpt = text.split("\n")[line - 1]?.trimEnd() ?? "";
  const shown = excerpt.slice(0, 200);
  return composeError({
    code: "malformed",
    message: `column ${col}: not valid YAML: ${firstSentence(error.message)}`,
    place: { file: source.file, shownFile: source.shownFile, line },
    lines: [
      `  ${line} | ${shown}`,
      `  ${" ".repeat(String(line).length)} | ${" ".repeat(Math.min(col - 1, 200))}^`,
    ],
    hint: error.message.startsWith("Nested mappings")
      ? "Put the value in quotes: a colon and a space in it begin a mapping."
      : "Correct that line; indentation in YAML is made of spaces, never of tabs.",
    details: { column: col },
  });
}

function firstSentence(message: string): string {
  return (message.split("\n")[0] ?? message).replace(/:$/, "");
}

/**
 * What each alias means: the last node before it that carries its anchor. One pass for all, because the library's own
 * look-up walks the document for every alias.
 */
function findAliasTargets(root: Node | null): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const walk = (node: unknown): void => {
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
      return;
    }
    if (!isNode(node)) return;
    if ("anchor" in node && node.anchor) anchors.set(node.anchor, node);
    if (isSeq(node)) node.items.forEach(walk);
    if (!isMap(node)) return;
    for (const pair of node.items) {
      walk(pair.key);
      walk(pair.value);
    }
  };
  walk(root);
  return targets;
}

class DocumentReader {
  private readonly resets: string[][] = [];
  private readonly openAliases = new Set<Node>();
  private readonly targets: ReadonlyMap<Alias, Node>;
  private nodes = 0;

  constructor(
    private readonly document: Document.Parsed<ParsedNode>,
    private readonly file: SourceFile,
    private readonly lineCounter: LineCounter,
  ) {
    this.targets = findAliasTargets(document.contents);
  }

  read(): SourceDocument {
    const contents = this.document.contents;
    const start: Place = { ...this.file, line: 1 };
    if (contents === null) return { root: { kind: "scalar", value: null, place: start }, resets: [] };
    const root = this.convert(contents, [], this.placeOf(contents)) ?? {
      kind: "scalar",
      value: null,
      place: start,
    };
    return { root, resets: this.resets };
  }

  private placeOf(node: Node): Place {
    return { ...this.file, line: this.lineCounter.linePos(node.range?.[0] ?? 0).line };
  }

  /** Undefined for a value tagged !reset: the key is then as if it had not been written. */
  private convert(node: Node, path: string[], place: Place): SourceNode | undefined {
    if (++this.nodes > nodeLimit) {
      throw composeError({
        code: "too-large",
        message: `more than ${nodeLimit} values once its aliases are followed`,
        place,
      });
    }
    if (isAlias(node)) return this.followAlias(node, path, place);
    const tag = node.tag;
    if (tag === "!reset") {
      this.resets.push(path);
      return undefined;
    }
    if (tag === "!override") this.resets.push(path);
    else if (tag !== undefined && !tag.startsWith(coreTags)) {
      throw composeError({
        code: "unsupported-tag",
        message: `unknown YAML tag ${tag}`,
        place,
        path: path.join("."),
        hint: "Tags that are read: !reset and !override.",
      });
    }
    if (isMap(node)) return this.convertMap(node, path, place);
    if (isSeq(node)) {
      const items = node.items.flatMap((item, index) => {
        const converted = this.convert(item as Node, [...path, String(index)], this.placeOf(item as Node));
        return converted === undefined ? [] : [converted];
      });
      return { kind: "list", items, place };
    }
    return { kind: "scalar", ...readScalar(node as Scalar), place };
  }

  private followAlias(alias: Alias, path: string[], place: Place): SourceNode | undefined {
    const target = this.targets.get(alias);
    if (target === undefined) {
      throw composeError({
        code: "malformed",
        message: `no anchor &${alias.source} stands above this alias`,
        place,
      });
    }
    if (this.openAliases.has(target)) {
      throw composeError({ code: "malformed", message: `the alias *${alias.source} contains itself`, place });
    }
    this.openAliases.add(target);
    const converted = this.convert(target, path, place);
    this.openAliases.delete(target);
    return converted;
  }

  private convertMap(map: YAMLMap, path: string[], place: Place): SourceNode {
    const own = new Map<string, SourceNode>();
    const merged = new Map<string, SourceNode>();
    for (const pair of map.items) {
      const keyNode = pair.key as Node;
      const keyPlace = this.placeOf(keyNode);
      const key = this.readKey(keyNode, path, keyPlace);
      if (key === "<<" && (keyNode as Scalar).type === "PLAIN") {
        this.mergeInto(merged, pair.value as Node | null, { path, place: keyPlace });
        continue;
      }
      const value = pair.value as Node | null;
      const converted =
        value === null
          ? ({ kind: "scalar", value: null, place: keyPlace } as const)
          : this.convert(value, [...path, key], keyPlace);
      if (converted !== undefined) own.set(key, converted);
    }
    for (const [key, value] of merged) if (!own.has(key)) own.set(key, value);
    return { kind: "mapping", entries: own, place };
  }

  private readKey(node: Node, path: string[], place: Place): string {
    const value = isScalar(node) ? readScalar(node).value : undefined;
    if (typeof value === "string") return value;
    throw composeError({
      code: "wrong-type",
      message: `a key must be a text, put it in quotes: ${isScalar(node) ? String(node.source ?? node.value) : "(not a text)"}`,
      place,
      path: path.join("."),
    });
  }

  /** `<<: *base` or `<<: [*a, *b]`, where earlier ones win. */
  private mergeInto(
    merged: Map<string, SourceNode>,
    value: Node | null,
    at: { path: string[]; place: Place },
  ): void {
    const converted = value === null ? undefined : this.convert(value, at.path, at.place);
    const sources = converted?.kind === "list" ? converted.items : [converted];
    for (const source of sources) {
      if (source?.kind !== "mapping") {
        throw composeError({
          code: "malformed",
          message: "<< takes a mapping or a list of mappings",
          place: at.place,
        });
      }
      for (const [key, node] of source.entries) if (!merged.has(key)) merged.set(key, node);
    }
  }
}

function readScalar(node: Scalar) {
  const text = String(node.value ?? "");
  const isText = node.type !== "PLAIN" || node.tag === `${coreTags}str`;
  return isText ? { value: text } : resolvePlainScalar(text);
}
