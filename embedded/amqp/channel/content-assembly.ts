import { AmqpError } from "../wire/amqp-error.js";
import { ByteWriter } from "../wire/byte-writer.js";
import type { MethodArguments } from "../wire/method-codec.js";
import { decodeContentHeader } from "../wire/properties.js";

/** RabbitMQ's default of max_message_size. */
const messageLimitBytes = 16 * 1024 * 1024;
/** Room that a header alone is believed; more is made as the body comes. */
const firstRoomBytes = 128 * 1024;
const basicClass = 60;

export interface PublishedContent {
  readonly method: MethodArguments<"basic.publish">;
  readonly propertyBytes: Buffer;
  readonly body: Buffer;
}

/** Puts a publish together from its method, header and body frames (AMQP 0-9-1 section 4.2.6). */
export class ContentAssembly {
  readonly #method: MethodArguments<"basic.publish">;
  /** Properties, then body. Copied: small pieces would each keep the whole chunk that they came in. */
  #bytes: ByteWriter | undefined;
  #propertiesLength = 0;
  #length = 0;

  constructor(method: MethodArguments<"basic.publish">) {
    this.#method = method;
  }

  /** Of properties and body. */
  get receivedBytes(): number {
    return this.#bytes?.length ?? 0;
  }

  /** The content once it is complete. @throws AmqpError 505 out of order, 406 when it is too large */
  header(payload: Buffer): PublishedContent | undefined {
    if (this.#bytes !== undefined) throw new AmqpError(505, "a second content header");
    const { classId, bodySizeBytes, properties } = decodeContentHeader(payload);
    if (classId !== basicClass) throw new AmqpError(505, `content header of class ${classId}`);
    if (bodySizeBytes > messageLimitBytes) {
      throw new AmqpError(
        406,
        `message size ${bodySizeBytes} is larger than configured max size ${messageLimitBytes}`,
      );
    }
    this.#propertiesLength = properties.length;
    this.#length = properties.length + bodySizeBytes;
    this.#bytes = new ByteWriter(Math.min(this.#length, properties.length + firstRoomBytes));
    this.#bytes.raw(properties);
    return this.#finish(this.#bytes);
  }

  /** The content once it is complete. @throws AmqpError 505 before the header, 501 past the announced size */
  body(payload: Buffer): PublishedContent | undefined {
    if (this.#bytes === undefined) throw new AmqpError(505, "a content body before its header");
    if (this.#bytes.length + payload.length > this.#length) {
      throw new AmqpError(501, "more content than its header announced");
    }
    this.#bytes.raw(payload);
    return this.#finish(this.#bytes);
  }

  #finish(writer: ByteWriter): PublishedContent | undefined {
    if (writer.length < this.#length) return undefined;
    const bytes = writer.finish();
    return {
      method: this.#method,
      propertyBytes: bytes.subarray(0, this.#propertiesLength),
      body: bytes.subarray(this.#propertiesLength),
    };
  }
}
