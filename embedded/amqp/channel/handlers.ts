import type { MethodArguments, MethodName } from "../wire/method-codec.js";
import { acknowledgeHandlers } from "./acknowledge-handlers.js";
import type { Channel } from "./channel.js";
import { consumeHandlers } from "./consume-handlers.js";
import { exchangeHandlers } from "./exchange-handlers.js";
import { queueHandlers } from "./queue-handlers.js";

/** Answers a method; the frames behind it wait for the promise. */
export type Handler<Name extends MethodName> = (
  channel: Channel,
  values: MethodArguments<Name>,
) => void | Promise<void>;

export type Handlers = { readonly [Name in MethodName]?: Handler<Name> };

/** The methods that a client may send on a channel; any other is answered with NOT_IMPLEMENTED (540). */
export const handlers: Handlers = {
  ...exchangeHandlers,
  ...queueHandlers,
  ...consumeHandlers,
  ...acknowledgeHandlers,
};
