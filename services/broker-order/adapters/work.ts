import { ResultMessage } from "../../../contracts/messages.js";
import { toBroker } from "../../../contracts/topology.js";
import type { ServiceParts } from "../../shared/define-service.js";
import { pause } from "../../shared/messaging/messages.js";
import type { RabbitmqLink } from "../../shared/messaging/rabbitmq-link.js";
import type { Store } from "../../shared/store.js";
import { applyResults } from "../app/apply-results.js";
import type { GiveUpPorts } from "../app/give-up.js";
import { sweep } from "../app/sweep.js";
import type { OrderSchema } from "./order-rows.js";

export interface WorkOptions extends Pick<ServiceParts, "log"> {
  readonly rabbitmq: Pick<RabbitmqLink, "consume">;
  readonly sql: Pick<Store<OrderSchema>, "dependency">;
  readonly ports: GiveUpPorts;
}

const sweepMs = 5_000;

/** What happens without a request: results of the exchange, and what is due. */
export function startWork({ rabbitmq, sql, ports, log }: WorkOptions): { close(): Promise<void> } {
  const closing = new AbortController();
  const consumer = rabbitmq.consume({
    queue: toBroker.queue,
    schema: ResultMessage,
    handle: (batch) => applyResults(ports.store, batch),
    probe: () => sql.dependency.check(),
  });
  const sweeping = sweepAlways({ ports, log }, closing.signal);
  return {
    close: async () => {
      closing.abort();
      await Promise.all([consumer.close(), sweeping]);
    },
  };
}

async function sweepAlways(
  { ports, log }: Pick<WorkOptions, "ports" | "log">,
  ended: AbortSignal,
): Promise<void> {
  for (let told = false; !ended.aborted; ) {
    try {
      await sweep(ports, Date.now());
      told = false;
    } catch (error) {
      if (!told) log.warn({ error }, "sweep failed");
      told = true;
    }
    await pause(sweepMs, ended);
  }
}
