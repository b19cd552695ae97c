import { isDeepStrictEqual } from "node:util";
import { type Field, fieldText, plainValue, type Table } from "../wire/table.js";
import type { Binding } from "./binding.js";
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

const modes = ["all", "any", "all-with-x", "any-with-x"] as const;
type Mode = (typeof modes)[number];

/** x-match of a headers exchange (RabbitMQ docs, "Exchanges"); undefined when it is none of the four. */
export function readMatchMode(bindingArguments: Table): Mode | undefined {
  const field = bindingArguments.get("x-match");
  return field === undefined ? "all" : modes.find((mode) => mode === fieldText(field));
}

/**
 * Whether a message's headers satisfy a binding; an argument without value (void) asks only that the header is there.
 */
export function matchesHeaders(bindingArguments: Table, headers: Table): boolean {
  const mode = readMatchMode(bindingArguments) ?? "all";
  const wanted = [...bindingArguments].filter(([name]) =>
    mode.endsWith("-with-x") ? name !== "x-match" : !name.startsWith("x-"),
  );
  const satisfied = ([name, expected]: [string, Field]): boolean => {
    const actual = headers.get(name);
    if (actual === undefined) return false;
    return expected.type === "V" || isDeepStrictEqual(plainValue(expected), plainValue(actual));
  };
  return mode.startsWith("all") ? wanted.every(satisfied) : wanted.some(satisfied);
}
