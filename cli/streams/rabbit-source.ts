import type { ManagementAddress } from "../../kit/rabbitmq-management.js";
import type { StreamSource } from "./source.js";

/** One RabbitMQ, as the host reaches it. */
export interface RabbitBroker {
  /** The service's in the compose file. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Default "/". */
  readonly vhost?: string;
  /** Without one a tap and the firehose are refused; streams need none. */
  readonly management?: ManagementAddress;
}

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
export function openRabbitStream(_options: RabbitStreamOptions): StreamSource {
  throw Error("not built yet");
}

export interface RabbitTapOptions {
  readonly broker: RabbitBroker;
  /** An exchange or a queue; where both have the name, `what` decides (default: the exchange). */
  readonly name: string;
  readonly what?: "exchange" | "queue";
}

/**
 * What passes an exchange, or goes to a queue by its bindings, from now on, through a private queue of its own. A queue
 * that is a stream is read as one, with its past. `open` rejects as openRabbitStream does, and with
 * rabbitmq.unknown-name (and the nearest), rabbitmq.no-management, rabbitmq.cannot-tap (an exchange of a type where
 * another listener takes messages away).
 */
export function openRabbitTap(_options: RabbitTapOptions): StreamSource {
  throw Error("not built yet");
}

export interface FirehoseOptions {
  readonly broker: RabbitBroker;
  /** The project's folder for state (ProjectState.folder). */
  readonly stateFolder: string;
}

/** Everything that is published or delivered, by the broker's own tracing, which is put back as it was. */
export function openFirehose(_options: FirehoseOptions): StreamSource {
  throw Error("not built yet");
}

/**
 * For the start of every `tail`: switches tracing off that a killed one left on. Resolves with whether there was
 * something to do; costs a look at a folder otherwise. A broker that is away is left for the next time.
 */
export function restoreFirehose(_options: FirehoseOptions): Promise<boolean> {
  throw Error("not built yet");
}
