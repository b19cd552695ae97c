import type { Binding } from "../topology/binding.js";
import { readMatchMode } from "../topology/binding-index.js";
import { defaultExchange } from "../topology/exchange-spec.js";
import { AmqpError } from "../wire/amqp-error.js";
import type { Table } from "../wire/table.js";
import type { Channel } from "./channel.js";
import type { Handlers } from "./handlers.js";

interface ExchangeBinding {
  readonly source: string;
  readonly destination: string;
  readonly routingKey: string;
  readonly arguments: Table;
}

function findBinding({ host }: Channel, values: ExchangeBinding): Binding {
  return {
    source: host.topology.exchange(values.source),
    destination: host.topology.exchange(values.destination),
    routingKey: values.routingKey,
    arguments: values.arguments,
  };
}

/** @throws AmqpError 406 for an x-match that a headers exchange does not know */
export function assertBindable({ source, arguments: table }: Binding): void {
  if (source.type === "headers" && readMatchMode(table) === undefined) {
    throw new AmqpError(406, "Invalid x-match field value; expected all, any, all-with-x or any-with-x");
  }
}

/** What is not there is not bound: RabbitMQ answers unbind-ok. @throws AmqpError 403 or 405 */
export async function unbind({ host }: Channel, find: () => Binding): Promise<void> {
  await host.topology.unbind(find).catch((error: unknown) => {
    if (!(error instanceof AmqpError) || error.code !== 404) throw error;
  });
}

export const exchangeHandlers: Handlers = {
  "exchange.declare": async (channel, { exchange: name, passive, noWait, ...spec }) => {
    const { topology } = channel.host;
    if (passive && name === "") throw defaultExchange();
    if (passive) topology.exchange(name);
    else await topology.declareExchange({ ...spec, name });
    if (!noWait) channel.send("exchange.declare-ok", {});
  },
  "exchange.delete": async (channel, { exchange, ifUnused, noWait }) => {
    await channel.host.topology.deleteExchange(exchange, ifUnused);
    if (!noWait) channel.send("exchange.delete-ok", {});
  },
  "exchange.bind": async (channel, values) => {
    await channel.host.topology.bind(() => {
      const binding = findBinding(channel, values);
      assertBindable(binding);
      return binding;
    });
    if (!values.noWait) channel.send("exchange.bind-ok", {});
  },
  "exchange.unbind": async (channel, values) => {
    await unbind(channel, () => findBinding(channel, values));
    if (!values.noWait) channel.send("exchange.unbind-ok", {});
  },
};
