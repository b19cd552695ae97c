import { ByteReader } from "../wire/byte-reader.js";
import { ByteWriter } from "../wire/byte-writer.js";
import { readTable, type Table, writeTable } from "../wire/table.js";
import { addBinding, isDurableBinding } from "./binding.js";
import { type Catalog, catalogVersion } from "./catalog-file.js";
import { isPredeclared } from "./exchange-spec.js";
import type { Topology } from "./topology.js";

function encodeArguments(table: Table): string {
  const writer = new ByteWriter();
  writeTable(writer, table);
  return writer.finish().toString("base64");
}

function decodeArguments(text: string): Table {
  return readTable(new ByteReader(Buffer.from(text, "base64")));
}

/** What of the topology survives a restart. */
export function describeCatalog({ exchanges, queues }: Topology): Catalog {
  return {
    version: catalogVersion,
    exchanges: [...exchanges.values()]
      .filter(({ name, durable }) => durable && !isPredeclared(name))
      .map(({ name, type, autoDelete, internal, arguments: table }) => ({
        name,
        type,
        autoDelete,
        internal,
        arguments: encodeArguments(table),
      })),
    queues: [...queues.values()]
      .filter(({ durable, owner }) => durable && owner === undefined)
      .map(({ name, autoDelete, arguments: table }) => ({
        name,
        autoDelete,
        arguments: encodeArguments(table),
      })),
    bindings: [...exchanges.values()]
      .flatMap(({ bindings }) => [...bindings.values()])
      .filter(isDurableBinding)
      .map((binding) => ({
        source: binding.source.name,
        destinationType: binding.destination.is,
        destination: binding.destination.name,
        routingKey: binding.routingKey,
        arguments: encodeArguments(binding.arguments),
      })),
  };
}

/** Makes again what the catalog lists. */
export async function restoreCatalog(topology: Topology, catalog: Catalog): Promise<void> {
  for (const stored of catalog.exchanges) {
    await topology.declareExchange({
      ...stored,
      durable: true,
      arguments: decodeArguments(stored.arguments),
    });
  }
  for (const stored of catalog.queues) {
    await topology.declareQueue(
      { ...stored, durable: true, exclusive: false, arguments: decodeArguments(stored.arguments) },
      undefined,
    );
  }
  for (const stored of catalog.bindings) {
    const source = topology.exchanges.get(stored.source);
    const names: ReadonlyMap<string, Parameters<typeof addBinding>[0]["destination"]> =
      stored.destinationType === "queue" ? topology.queues : topology.exchanges;
    const destination = names.get(stored.destination);
    if (source === undefined || destination === undefined) continue;
    addBinding({
      source,
      destination,
      routingKey: stored.routingKey,
      arguments: decodeArguments(stored.arguments),
    });
  }
}
