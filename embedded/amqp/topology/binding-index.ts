import type { Table } from "../wire/table.js";
import type { Binding } from "./binding.js";
import { matchesHeaders } from "./headers-match.js";
import { TopicTrie } from "./topic-trie.js";

/** The bindings of one exchange, found by what its type compares. */
export interface BindingIndex {
  add(binding: Binding): void;
  remove(binding: Binding): void;
  match(routingKey: string, headers: Table): Iterable<Binding>;
}

class DirectIndex implements BindingIndex {
  readonly #byKey = new Map<string, Set<Binding>>();

  add(binding: Binding): void {
    const bindings = this.#byKey.get(binding.routingKey) ?? new Set();
    this.#byKey.set(binding.routingKey, bindings.add(binding));
  }

  remove(binding: Binding): void {
    const bindings = this.#byKey.get(binding.routingKey);
    bindings?.delete(binding);
    if (bindings?.size === 0) this.#byKey.delete(binding.routingKey);
  }

  match(routingKey: string): Iterable<Binding> {
    return this.#byKey.get(routingKey) ?? [];
  }
}

class ListIndex implements BindingIndex {
  readonly #bindings = new Set<Binding>();
  readonly #matches: (binding: Binding, headers: Table) => boolean;

  constructor(matches: (binding: Binding, headers: Table) => boolean) {
    this.#matches = matches;
  }

  add(binding: Binding): void {
    this.#bindings.add(binding);
  }

  remove(binding: Binding): void {
    this.#bindings.delete(binding);
  }

  match(_routingKey: string, headers: Table): Iterable<Binding> {
    return [...this.#bindings].filter((binding) => this.#matches(binding, headers));
  }
}

const makers: Readonly<Record<string, () => BindingIndex>> = {
  direct: () => new DirectIndex(),
  topic: () => new TopicTrie(),
  fanout: () => new ListIndex(() => true),
  headers: () => new ListIndex((binding, headers) => matchesHeaders(binding.arguments, headers)),
};

export function isExchangeType(type: string): boolean {
  return Object.hasOwn(makers, type);
}

/** @param type one of direct, topic, fanout, headers */
export function createBindingIndex(type: string): BindingIndex {
  const make = makers[type];
  if (make === undefined) throw new TypeError(`unknown exchange type ${type}`);
  return make();
}
