import type { RabbitBroker } from "./rabbit-broker.js";
import { Firehose } from "./rabbit-firehose.js";
import { RabbitStream } from "./rabbit-stream.js";
import { RabbitTap, type RabbitTapOptions } from "./rabbit-tap.js";
import type { FirehoseOptions } from "./rabbit-tracing.js";
import type { StreamSource } from "./source.js";

export interface RabbitStreamOptions {
  readonly broker: RabbitBroker;
  /** A queue of type stream. */
  readonly queue: string;
}

/**
 * A stream queue, read at its own place and with no effect on anyone else. `open` rejects with rabbitmq.unknown-stream,
 * rabbitmq.not-a-stream, rabbitmq.refused or rabbitmq.unreachable. Records say by `exchange` and `key` which way they
 * went: dead letters have the dead letter exchange.
 */
export function openRabbitStream({ broker, queue }: RabbitStreamOptions): StreamSource {
  return new RabbitStream(broker, queue);
}

/**
 * What passes an exchange, or goes to a queue by its bindings, from now on, through a private queue of its own. A queue
 * that is a stream is read as one, with its past. `open` rejects as openRabbitStream does, and with
 * rabbitmq.unknown-name (and the nearest), rabbitmq.no-management, rabbitmq.cannot-tap (an exchange of a type where
 * another listener takes messages away).
 */
export function openRabbitTap(options: RabbitTapOptions): StreamSource {
  return new RabbitTap(options);
}

/** Everything that is published or delivered, by the broker's own tracing, which is put back as it was. */
export function openFirehose(options: FirehoseOptions): StreamSource {
  return new Firehose(options);
}
