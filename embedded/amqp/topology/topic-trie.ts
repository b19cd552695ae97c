import type { Binding } from "./binding.js";
import type { BindingIndex } from "./binding-index.js";

class Node {
  readonly children = new Map<string, Node>();
  readonly bindings = new Set<Binding>();
  /** Entered by "#": any further word stays here. */
  readonly loops: boolean;

  constructor(loops: boolean) {
    this.loops = loops;
  }
}

/**
 * Patterns of a topic exchange, word by word (AMQP 0-9-1 section 3.1.3.3): "*" stands for one word, "#" for any number
 * of them, none too.
 */
export class TopicTrie implements BindingIndex {
  readonly #root = new Node(false);

  add(binding: Binding): void {
    let node = this.#root;
    for (const word of splitWords(binding.routingKey)) {
      const child = node.children.get(word) ?? new Node(word === "#");
      node.children.set(word, child);
      node = child;
    }
    node.bindings.add(binding);
  }

  remove(binding: Binding): void {
    removeBelow(this.#root, splitWords(binding.routingKey), binding);
  }

  match(routingKey: string): Iterable<Binding> {
    // All nodes that the words so far lead to: a set, so that no pattern full of "#" costs more than its length.
    let reached = new Set<Node>();
    enter(this.#root, reached);
    for (const word of splitWords(routingKey)) {
      const next = new Set<Node>();
      for (const node of reached) {
        if (node.loops) enter(node, next);
        enter(node.children.get(word), next);
        enter(node.children.get("*"), next);
      }
      reached = next;
    }
    return [...reached].flatMap(({ bindings }) => [...bindings]);
  }
}

/** An empty key has no words (as in RabbitMQ). */
function splitWords(key: string): readonly string[] {
  return key === "" ? [] : key.split(".");
}

/** "#" also stands for no word, so its node is reached together with its parent. */
function enter(node: Node | undefined, reached: Set<Node>): void {
  for (let next = node; next !== undefined; next = next.children.get("#")) reached.add(next);
}

function removeBelow(node: Node, words: readonly string[], binding: Binding): void {
  const [word, ...rest] = words;
  if (word === undefined) {
    node.bindings.delete(binding);
    return;
  }
  const child = node.children.get(word);
  if (child === undefined) return;
  removeBelow(child, rest, binding);
  if (child.bindings.size === 0 && child.children.size === 0) node.children.delete(word);
}
