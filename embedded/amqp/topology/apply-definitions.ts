import type { Definitions } from "./read-definitions.js";
import type { Topology } from "./topology.js";

/** Declares what is missing; what was declared differently before is left as it is, and said in the log. */
export async function applyDefinitions(topology: Topology, definitions: Definitions): Promise<void> {
  const attempt = async (change: () => Promise<unknown>): Promise<void> => {
    try {
      await change();
    } catch (error) {
      topology.log("error", `definitions: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  for (const spec of definitions.exchanges) await attempt(() => topology.declareExchange(spec));
  for (const spec of definitions.queues) await attempt(() => topology.declareQueue(spec, undefined));
  for (const { source, destination, destinationType, ...rest } of definitions.bindings) {
    await attempt(() =>
      topology.bind(() => ({
        source: topology.exchange(source),
        destination:
          destinationType === "exchange"
            ? topology.exchange(destination)
            : topology.queue(destination, undefined),
        ...rest,
      })),
    );
  }
}
