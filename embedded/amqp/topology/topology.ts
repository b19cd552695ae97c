import { createSerial } from "../../../kit/serial.js";
import type { Message, QueueStore } from "../queues/queue.js";
import { AmqpError } from "../wire/amqp-error.js";
import { fieldText, plainTable } from "../wire/table.js";
import {
  addBinding,
  type Binding,
  type BrokerQueue,
  bindingId,
  type Exchange,
  isDurableBinding,
  removeBinding,
} from "./binding.js";
import { createBindingIndex } from "./binding-index.js";
import type { CatalogFile } from "./catalog-file.js";
import { sendDeadLetter } from "./dead-letter.js";
import { describeCatalog } from "./describe-catalog.js";
import { assertSame, assertSameArguments, exchangeTitle, queueTitle } from "./equivalence.js";
import {
  defaultExchange,
  type ExchangeSpec,
  predeclaredExchanges,
  readExchangeType,
} from "./exchange-spec.js";
import { findPolicy, mergePolicy } from "./policies.js";
import { assertValid, comparedArguments, type QueueSpec, readKind, withDefaultKind } from "./queue-spec.js";
import type { Rules } from "./read-definitions.js";
import { type Routed, route } from "./route.js";

interface TopologyOptions {
  readonly store: QueueStore;
  readonly catalog: CatalogFile;
  readonly rules: Rules;
  log(level: "info" | "warn" | "error", text: string): void;
}

/** The virtual host: exchanges, queues, bindings, and the rules by which they are declared and deleted. */
export class Topology {
  readonly exchanges = new Map<string, Exchange>();
  readonly queues = new Map<string, BrokerQueue>();
  readonly log: TopologyOptions["log"];
  /** Whether a copy of everything goes to amq.rabbitmq.trace; forgotten at the end of the process, as RabbitMQ does. */
  tracing = false;
  /** One change of the topology after the other. */
  readonly change = createSerial();
  readonly #options: TopologyOptions;
  #saves = false;
  /** Something durable has changed since the catalog was written. */
  #unsaved = false;

  constructor(options: TopologyOptions) {
    this.#options = options;
    this.log = options.log;
    for (const spec of predeclaredExchanges) this.exchanges.set(spec.name, this.#createExchange(spec));
  }

  /** @throws AmqpError 404 */
  exchange(name: string): Exchange {
    const exchange = this.exchanges.get(name);
    if (exchange === undefined) throw new AmqpError(404, `no ${exchangeTitle(name)}`);
    return exchange;
  }

  /** @throws AmqpError 404, or 405 for a queue that is exclusive to another connection */
  queue(name: string, connection: object | undefined): BrokerQueue {
    const queue = this.queues.get(name);
    if (queue === undefined) throw new AmqpError(404, `no ${queueTitle(name)}`);
    if (queue.owner !== undefined && queue.owner !== connection) throw lockedQueue(name);
    return queue;
  }

  route(exchange: Exchange, message: Routed): Set<BrokerQueue> {
    return route(this, exchange, message);
  }

  /** Finds the exchange or makes it. @throws AmqpError 403 or 406 */
  declareExchange(spec: ExchangeSpec): Promise<void> {
    return this.change(async () => {
      const type = readExchangeType(spec);
      const current = this.exchanges.get(spec.name);
      if (current !== undefined) {
        const title = exchangeTitle(spec.name);
        const { durable, autoDelete: auto_delete, internal } = spec;
        assertSame(
          title,
          { type, durable, auto_delete, internal },
          { ...current, auto_delete: current.autoDelete },
        );
        assertSameArguments({ title, arguments: spec.arguments }, current.arguments, ["alternate-exchange"]);
      } else {
        if (spec.name.startsWith("amq.")) throw reservedName("exchange", spec.name);
        this.exchanges.set(spec.name, this.#createExchange(spec));
        this.#unsaved ||= spec.durable;
      }
      await this.#save();
    });
  }

  /** A missing exchange is deleted already. @throws AmqpError 403 or 406 */
  deleteExchange(name: string, ifUnused: boolean): Promise<void> {
    return this.change(async () => {
      if (name === "") throw defaultExchange();
      if (name.startsWith("amq.")) throw reservedName("exchange", name);
      const exchange = this.exchanges.get(name);
      if (exchange === undefined) return;
      if (ifUnused && exchange.bindings.size > 0) throw new AmqpError(406, `${exchangeTitle(name)} in use`);
      this.#dropExchange(exchange);
      await this.#save();
    });
  }

  /**
   * Finds the queue or makes it; resolves when it survives a kill, if it is to.
   * @throws AmqpError 403, 405 or 406
   */
  declareQueue(wanted: QueueSpec, connection: object | undefined): Promise<BrokerQueue> {
    return this.change(async () => {
      const spec = withDefaultKind(wanted, this.#options.rules.defaultQueueKind);
      const current = this.queues.get(spec.name);
      if (current !== undefined) {
        this.#assertSameQueue(spec, current, connection);
        current.stored.touch();
        return current;
      }
      if (spec.name.startsWith("amq.") && !spec.name.startsWith("amq.gen-")) {
        throw reservedName("queue", spec.name);
      }
      assertValid(spec);
      const queue = await this.#openQueue(spec, connection);
      try {
        this.#unsaved ||= isKept(queue);
        await this.#save();
      } catch (error) {
        // Nobody may publish into what the next start would not find.
        await this.#dropQueue(queue);
        throw error;
      }
      return queue;
    });
  }

  /** Resolves with how many messages it held; `allowed` may still refuse when its turn comes. */
  deleteQueue(queue: BrokerQueue, allowed: (queue: BrokerQueue) => void = () => {}): Promise<number> {
    return this.change(async () => {
      if (this.queues.get(queue.name) !== queue) return 0;
      allowed(queue);
      return this.#dropQueue(queue);
    });
  }

  /** Ends an auto-delete queue that has lost its last consumer. */
  async deleteUnused(queue: BrokerQueue): Promise<void> {
    if (queue.autoDelete && queue.stored.consumerCount === 0) await this.#dropUnused(queue);
  }

  /** `find` looks names up when the bind's turn comes. A second identical binding changes nothing. */
  bind(find: () => Binding): Promise<void> {
    return this.change(async () => {
      const binding = find();
      if (binding.source.name === "" || isDefault(binding.destination)) throw defaultExchange();
      const known = binding.source.bindings.size;
      addBinding(binding);
      if (binding.source.bindings.size > known) this.#unsaved ||= isDurableBinding(binding);
      await this.#save();
    });
  }

  /** A missing binding is gone already. */
  unbind(find: () => Binding): Promise<void> {
    return this.change(async () => {
      const binding = find();
      if (binding.source.name === "" || isDefault(binding.destination)) throw defaultExchange();
      this.#unbind(binding);
      await this.#save();
    });
  }

  /** Begins to write down what is durable, what was declared so far at once. */
  startSaving(): Promise<void> {
    this.#saves = true;
    this.#unsaved = true;
    return this.change(() => this.#save());
  }

  /** Also what an earlier change could not write down. */
  async #save(): Promise<void> {
    if (!this.#saves || !this.#unsaved) return;
    await this.#options.catalog.save(() => describeCatalog(this));
    this.#unsaved = false;
  }

  #createExchange(spec: ExchangeSpec): Exchange {
    const policy = findPolicy(this.#options.rules.policies, { name: spec.name, appliesTo: ["exchanges"] });
    const byPolicy = policy?.definition["alternate-exchange"];
    return {
      is: "exchange",
      ...spec,
      alternate:
        fieldText(spec.arguments.get("alternate-exchange")) ??
        (typeof byPolicy === "string" && spec.name !== "" ? byPolicy : undefined),
      bindings: new Map(),
      index: createBindingIndex(spec.type),
      incoming: new Set(),
    };
  }

  async #openQueue(spec: QueueSpec, connection: object | undefined): Promise<BrokerQueue> {
    const kind = readKind(spec);
    const policy = findPolicy(this.#options.rules.policies, {
      name: spec.name,
      appliesTo: ["queues", kind === "stream" ? "streams" : `${kind}_queues`],
    });
    const effective = mergePolicy(plainTable(spec.arguments), policy);
    const owner = spec.exclusive ? connection : undefined;
    const stored = await this.#options.store.open(
      { name: spec.name, kind, durable: spec.durable && !spec.exclusive, arguments: effective },
      {
        deadLetter: (message: Message, reason) => sendDeadLetter(this, queue, { message, reason }),
        expired: () => void this.#dropUnused(queue),
      },
    );
    const queue: BrokerQueue = { is: "queue", ...spec, kind, owner, effective, stored, incoming: new Set() };
    this.queues.set(spec.name, queue);
    return queue;
  }

  #assertSameQueue(spec: QueueSpec, current: BrokerQueue, connection: object | undefined): void {
    if (current.owner !== (spec.exclusive ? connection : undefined)) throw lockedQueue(spec.name);
    const title = queueTitle(spec.name);
    assertSame(
      title,
      { durable: spec.durable, auto_delete: spec.autoDelete },
      { durable: current.durable, auto_delete: current.autoDelete },
    );
    assertSameArguments({ title, arguments: spec.arguments }, current.arguments, comparedArguments);
  }

  /** Unless somebody consumes from it when its turn comes. */
  #dropUnused(queue: BrokerQueue): Promise<void> {
    return this.change(async () => {
      const isThere = this.queues.get(queue.name) === queue;
      if (isThere && queue.stored.consumerCount === 0) await this.#dropQueue(queue);
    });
  }

  async #dropQueue(queue: BrokerQueue): Promise<number> {
    this.queues.delete(queue.name);
    for (const binding of queue.incoming) this.#unbind(binding);
    // First out of the catalog, then its files: a kill in between leaves files that the next start removes.
    this.#unsaved ||= isKept(queue);
    await this.#save().catch((error: unknown) =>
      this.log("error", `amqp: a deletion was not saved: ${error}`),
    );
    return queue.stored.delete().catch((error: unknown) => {
      this.log("error", `amqp: files of queue '${queue.name}' are left: ${error}`);
      return 0;
    });
  }

  #unbind(binding: Binding): void {
    if (!removeBinding(binding.source, bindingId(binding))) return;
    this.#unsaved ||= isDurableBinding(binding);
    if (binding.source.autoDelete && binding.source.bindings.size === 0) this.#dropExchange(binding.source);
  }

  #dropExchange(exchange: Exchange): void {
    this.#unsaved ||= exchange.durable;
    this.exchanges.delete(exchange.name);
    for (const id of exchange.bindings.keys()) removeBinding(exchange, id);
    for (const binding of exchange.incoming) this.#unbind(binding);
  }
}

/** Whether it survives a restart. */
function isKept(queue: BrokerQueue): boolean {
  return queue.durable && queue.owner === undefined;
}

function isDefault(destination: Exchange | BrokerQueue): boolean {
  return destination.is === "exchange" && destination.name === "";
}

function reservedName(what: string, name: string): AmqpError {
  return new AmqpError(403, `${what} name '${name}' contains reserved prefix 'amq.*'`);
}

function lockedQueue(name: string): AmqpError {
  return new AmqpError(
    405,
    `cannot obtain exclusive access to locked ${queueTitle(name)}. It could be originally declared on another ` +
      "connection or the exclusive property value does not match that of the original declaration.",
  );
}
