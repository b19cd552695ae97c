import type { QueueArguments, QueueKind, Queue as StoredQueue } from "../queues/queue.js";
import { plainTable, type Table } from "../wire/table.js";
import type { BindingIndex } from "./binding-index.js";
import type { ExchangeSpec } from "./exchange-spec.js";

export interface Exchange extends ExchangeSpec {
  readonly is: "exchange";
  /** Of its argument or its policy: where messages go that it routes nowhere. */
  readonly alternate: string | undefined;
  /** By their identity, see {@link bindingId}. */
  readonly bindings: Map<string, Binding>;
  readonly index: BindingIndex;
  readonly incoming: Set<Binding>;
}

/** A queue as the broker knows it; its messages are the stored queue's affair. */
export interface BrokerQueue {
  readonly is: "queue";
  readonly name: string;
  readonly kind: QueueKind;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** The connection that alone may use it. */
  readonly owner: object | undefined;
  /** As declared. */
  readonly arguments: Table;
  /** Merged with the policy. */
  readonly effective: QueueArguments;
  readonly stored: StoredQueue;
  readonly incoming: Set<Binding>;
}

export interface Binding {
  readonly source: Exchange;
  readonly destination: Exchange | BrokerQueue;
  readonly routingKey: string;
  readonly arguments: Table;
}

/** Two bindings with the same one are one. */
export function bindingId(binding: Omit<Binding, "source">): string {
  const { destination, routingKey } = binding;
  return JSON.stringify([destination.is, destination.name, routingKey, plainTable(binding.arguments)]);
}

/** Connects them; a second identical binding changes nothing. */
export function addBinding(binding: Binding): void {
  const id = bindingId(binding);
  if (binding.source.bindings.has(id)) return;
  binding.source.bindings.set(id, binding);
  binding.source.index.add(binding);
  binding.destination.incoming.add(binding);
}

/** Takes out the binding of that identity; false when there is none. */
export function removeBinding(source: Exchange, id: string): boolean {
  const binding = source.bindings.get(id);
  if (binding === undefined) return false;
  source.bindings.delete(id);
  source.index.remove(binding);
  binding.destination.incoming.delete(binding);
  return true;
}

/** Whether both survive a restart, and with them their binding. */
export function isDurableBinding({ source, destination }: Binding): boolean {
  return (
    source.durable &&
    destination.durable &&
    (destination.is === "exchange" || destination.owner === undefined)
  );
}
