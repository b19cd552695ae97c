import { composeError } from "./compose-error.js";
import { type JsonObject, object, type Shape } from "./shape.js";
import { keyValues, list, mapOf } from "./shape-collections.js";
import { resourceName, service } from "./shape-service.js";
import { boolean, looseText, scalar, text } from "./shape-values.js";

const externalObject = object({ name: { shape: text } });

/** true, or the old form {name: …}, which names the resource as well. */
const external: Shape = scalar((node, path, context) => {
  if (node.kind !== "mapping") return boolean.read(node, path, context);
  context.warn(`${path}.name is deprecated, set name and external: true`);
  return externalObject.read(node, path, context);
});

/** Moves the name out of the old form of `external`. */
function resource(fields: Parameters<typeof object>[0], unsupported: readonly string[]): Shape {
  const shape = object({ name: { shape: text }, external: { shape: external }, ...fields }, { unsupported });
  return {
    ...shape,
    read(node, path, context) {
      const value = shape.read(node, path, context) as JsonObject;
      if (typeof value.external !== "object" || value.external === null) return value;
      const { name } = value.external as { name?: string };
      if (value.name !== undefined && name !== undefined && name !== value.name) {
        const place = node.place;
        throw composeError({
          code: "invalid-value",
          message: `${path}: name and external.name differ`,
          place,
          path,
        });
      }
      return { ...value, external: true, ...(name === undefined ? {} : { name }) };
    },
  };
}

const network = resource(
  {
    driver: { shape: text },
    driver_opts: { shape: mapOf(looseText, { nullIs: "" }) },
    ipam: {
      shape: object(
        {
          driver: { shape: text },
          config: { shape: ipamPools() },
        },
        { unsupported: ["options"] },
      ),
    },
    internal: { shape: boolean },
    attachable: { shape: boolean },
    labels: { shape: keyValues({ unset: "" }) },
    enable_ipv4: { shape: boolean, keep: true },
    enable_ipv6: { shape: boolean, keep: true },
  },
  [],
);

/** Address pools; a later file changes the pool with the same subnet. */
function ipamPools(): Shape {
  const pool = object(
    { subnet: { shape: text }, gateway: { shape: text }, ip_range: { shape: text } },
    { unsupported: ["aux_addresses"] },
  );
  const pools = list({ readItem: (node, path, context) => pool.read(node, path, context) });
  return {
    ...pools,
    merge(base, override) {
      const merged = new Map((base as JsonObject[]).map((item) => [item.subnet, item]));
      for (const item of override as JsonObject[])
        merged.set(item.subnet, { ...merged.get(item.subnet), ...item });
      return [...merged.values()];
    },
  };
}

const volume = resource(
  {
    driver: { shape: text },
    driver_opts: { shape: mapOf(looseText, { nullIs: "" }) },
    labels: { shape: keyValues({ unset: "" }) },
  },
  [],
);

const fileObjectKeys = ["labels", "driver", "driver_opts", "template_driver"];
const config = resource(
  { file: { shape: text }, content: { shape: text }, environment: { shape: text } },
  fileObjectKeys,
);
const secret = resource({ file: { shape: text }, environment: { shape: text } }, fileObjectKeys);

/** A whole compose file. */
export const composeFile = object(
  {
    version: { shape: text },
    name: { shape: text },
    services: { shape: mapOf(service, { keys: resourceName }), keep: true },
    networks: { shape: mapOf(network, { keys: resourceName, nullIs: null }) },
    volumes: { shape: mapOf(volume, { keys: resourceName, nullIs: null }) },
    configs: { shape: mapOf(config, { keys: resourceName }) },
    secrets: { shape: mapOf(secret, { keys: resourceName }) },
  },
  { keepExtensions: true, unsupported: ["include", "models"] },
);
