import { AmqpError } from "../wire/amqp-error.js";
import type { MethodArguments } from "../wire/method-codec.js";
import { decodeContentHeader } from "../wire/properties.js";

/** RabbitMQ's default of max_message_size. */
const messageLimitBytes = 16 * 1024 * 1024;
const basicClass = 60;

export interface PublishedContent {
  readonly method: MethodArguments<"basic.publish">;
  readonly propertyBytes: Buffer;
  readonly body: Buffer;
}

/** Puts a publish together from its method, header and body frames (AMQP 0-9-1 section 4.2.6). */
export class ContentAssembly {
  readonly #method: MethodArguments<"basic.publish">;
  #propertyBytes: Buffer | undefined;
  #bodySizeBytes = 0;
  #pieces: Buffer[] = [];
  #receivedBytes = 0;

  constructor(method: MethodArguments<"basic.publish">) {
    this.#method = method;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** The content once it is complete. @throws AmqpError 505 out of order, 406 when it is too large */
  header(payload: Buffer): PublishedContent | undefined {
    if (this.#propertyBytes !== undefined) throw new AmqpError(505, "a second content header");
    const { classId, bodySizeBytes, properties } = decodeContentHeader(payload);
    if (classId !== basicClass) throw new AmqpError(505, `content header of class ${classId}`);
    if (bodySizeBytes > messageLimitBytes) {
      throw new AmqpError(
        406,
        `message size ${bodySizeBytes} is larger than configured max size ${messageLimitBytes}`,
      );
    }
    this.#propertyBytes = properties;
    this.#bodySizeBytes = bodySizeBytes;
    return this.#finish();
  }

  /** The content once it is complete. @throws AmqpError 505 before the header, 501 past the announced size */
  body(payload: Buffer): PublishedContent | undefined {
    if (this.#propertyBytes === undefined) throw new AmqpError(505, "a content body before its header");
    this.#pieces.push(payload);
    this.#receivedBytes += payload.length;
    if (this.#receivedBytes > this.#bodySizeBytes) {
      throw new AmqpError(501, "more content than its header announced");
    }
    return this.#finish();
  }

  #finish(): PublishedContent | undefined {
    if (this.#propertyBytes === undefined || this.#receivedBytes < this.#bodySizeBytes) return undefined;
    // Copied: a queue that keeps a small message would otherwise keep the whole chunk that it came in.
    const bytes = Buffer.concat([this.#propertyBytes, ...this.#pieces]);
    const { length } = this.#propertyBytes;
    return {
      method: this.#method,
      propertyBytes: bytes.subarray(0, length),
      body: bytes.subarray(length),
    };
  }
}
