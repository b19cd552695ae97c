import type { BrokerQueue } from "../topology/binding.js";
import { AmqpError } from "../wire/amqp-error.js";
import { type Frame, frameTypes } from "../wire/frame-reader.js";
import { type Content, contentFrames, methodFrame } from "../wire/frame-writer.js";
import { decodeMethod, type Method, type MethodArguments, type MethodName } from "../wire/method-codec.js";
import type { ChannelConsumer } from "./channel-consumer.js";
import type { ChannelHost } from "./channel-host.js";
import { Confirms } from "./confirms.js";
import { ContentAssembly, type PublishedContent } from "./content-assembly.js";
import { type Handler, handlers } from "./handlers.js";
import { publish } from "./publish.js";
import { Unacked, type UnackedDelivery } from "./unacked.js";

/** One channel of a connection. What it throws as AmqpError ends it, or the connection. */
export class Channel {
  readonly number: number;
  readonly host: ChannelHost;
  readonly consumers = new Map<string, ChannelConsumer>();
  readonly unacked = new Unacked();
  confirms: Confirms | undefined;
  /** What an empty queue name stands for. */
  lastQueue: string | undefined;
  /** For consumers to come; 0 is no limit. */
  prefetchCount = 0;
  #lastDeliveryTag = 0;
  #content: ContentAssembly | undefined;
  #current: MethodName | undefined;
  #closed = false;

  constructor(number: number, host: ChannelHost) {
    this.number = number;
    this.host = host;
  }

  /** The last method that came, which an error names. */
  get currentMethod(): MethodName | undefined {
    return this.#current;
  }

  /** @throws AmqpError or QueueRefusal, also as a rejection */
  receive(frame: Frame): void | Promise<void> {
    if (frame.type === frameTypes.method) return this.#receiveMethod(decodeMethod(frame.payload));
    const assembly = this.#content;
    if (assembly === undefined) throw new AmqpError(505, "content without a method that has one");
    const before = assembly.receivedBytes;
    const content =
      frame.type === frameTypes.header ? assembly.header(frame.payload) : assembly.body(frame.payload);
    this.host.countPartialContent(assembly.receivedBytes - before);
    if (content !== undefined) this.#publish(content);
    return undefined;
  }

  send<Name extends MethodName>(name: Name, values: Partial<MethodArguments<Name>>): void {
    if (!this.#closed) this.host.send(methodFrame(this.number, name, values));
  }

  sendContent<Name extends MethodName>(
    name: Name,
    values: Partial<MethodArguments<Name>>,
    content: Content,
  ): void {
    if (this.#closed) return;
    const { frameMaxBytes } = this.host;
    this.host.send(contentFrames(this.number, { name, arguments: values }, { ...content, frameMaxBytes }));
  }

  /** The tag of a delivery; with `delivery`, it waits for an answer. */
  nextDeliveryTag(delivery: UnackedDelivery | undefined): number {
    this.#lastDeliveryTag += 1;
    // A basic.get may end after its channel.
    if (this.#closed) delivery?.queue.stored.requeue([delivery.deliveryId], "lost");
    else if (delivery !== undefined) this.unacked.add(this.#lastDeliveryTag, delivery);
    return this.#lastDeliveryTag;
  }

  get canDeliver(): boolean {
    return !this.#closed && this.host.canDeliver;
  }

  resumeConsumers(): void {
    for (const consumer of this.consumers.values()) consumer.resume();
  }

  /** The queue of that name, of the last declare when it is empty. @throws AmqpError 404 or 405 */
  findQueue(name: string): BrokerQueue {
    const wanted = name === "" ? this.lastQueue : name;
    if (wanted === undefined) throw new AmqpError(404, "no previously declared queue");
    return this.host.topology.queue(wanted, this.host.identity);
  }

  startConfirms(): void {
    this.confirms ??= new Confirms({
      ack: (deliveryTag, multiple) => this.send("basic.ack", { deliveryTag, multiple }),
      nack: (deliveryTag) => this.send("basic.nack", { deliveryTag }),
    });
  }

  /** Its queue ended the consumer. */
  consumerCancelled(consumer: ChannelConsumer): void {
    this.consumers.delete(consumer.tag);
    if (this.host.notifiesCancel) this.send("basic.cancel", { consumerTag: consumer.tag, noWait: true });
  }

  /** Nothing is sent afterwards; what was delivered and not answered goes back to its queues. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#content !== undefined) this.host.countPartialContent(-this.#content.receivedBytes);
    const consumers = [...this.consumers.values()];
    this.consumers.clear();
    for (const consumer of consumers) consumer.cancel();
    this.unacked.settle({ tag: 0, multiple: true }, ({ stored }, ids) => stored.requeue(ids, "lost"));
    for (const { queue } of consumers) await this.host.topology.deleteUnused(queue);
  }

  #receiveMethod(method: Method): void | Promise<void> {
    this.#current = method.name;
    if (this.#content !== undefined) throw new AmqpError(505, `${method.name} within a content`);
    if (method.name === "basic.publish") {
      this.#content = new ContentAssembly(method.arguments);
      return undefined;
    }
    const handle = handlers[method.name] as Handler<MethodName> | undefined;
    if (handle === undefined) throw new AmqpError(540, method.name);
    return handle(this, method.arguments);
  }

  #publish(content: PublishedContent): void {
    this.#content = undefined;
    this.host.countPartialContent(-content.propertyBytes.length - content.body.length);
    publish(this, content);
  }
}
