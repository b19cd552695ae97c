import { isIP } from "node:net";
import type { Mount, Port } from "./model.js";
import { cleanTarget, parseMount } from "./mount-spec.js";
import { InvalidValue, parsePortMapping } from "./port-mapping.js";
import { type JsonObject, object, readValue, type Shape, wrongType } from "./shape.js";
import { byName, keyValues, list } from "./shape-collections.js";
import {
  boolean,
  bytes,
  fileMode,
  integer,
  looseText,
  port,
  readInteger,
  readLooseText,
  readText,
  scalar,
  text,
  word,
} from "./shape-values.js";
import { splitShellWords } from "./shell-words.js";

/** Command and entrypoint: a list of words, or one text that is split as a shell would; null takes it back. */
export const command: Shape = {
  ...scalar((node, path, context) => {
    if (node.kind === "scalar" && node.value === null) return null;
    if (node.kind === "list") return node.items.map((item, index) => readText(item, `${path}[${index}]`));
    if (node.kind === "mapping") throw wrongType(node, path, "a text or a list");
    const line = readText(node, path);
    return readValue(node, path, () => {
      const split = splitShellWords(line);
      if (split === undefined) throw new InvalidValue("a quote or parenthesis does not close");
      if (split.ignored !== "") {
        context.warn(
          `${path}: no shell runs this, ${split.ignored.slice(0, 1)} and what follows is ignored; use sh -c`,
        );
      }
      return split.words;
    });
  }),
};

/** healthcheck.test; one text is run by the container's shell. */
export const healthTest = scalar((node, path) => {
  if (node.kind === "mapping") throw wrongType(node, path, "a text or a list");
  if (node.kind === "scalar") return ["CMD-SHELL", readText(node, path)];
  const words = node.items.map((item, index) => readText(item, `${path}[${index}]`));
  return readValue(node, path, () => {
    if (words.length === 0 || ["CMD", "CMD-SHELL", "NONE"].includes(words[0] ?? "")) return words;
    throw new InvalidValue(`the list begins with "${words[0]}"; it must begin with CMD, CMD-SHELL or NONE`);
  });
});

const portObject = object({
  name: { shape: text },
  mode: { shape: text },
  host_ip: { shape: text },
  target: { shape: port },
  published: { shape: looseText },
  protocol: { shape: text },
  app_protocol: { shape: text },
});

export const ports = list({
  readItem(node, path, context) {
    if (node.kind === "list") throw wrongType(node, path, "a text or a mapping");
    if (node.kind === "scalar") {
      const mapping = readLooseText(node, path);
      return readValue(node, path, () => parsePortMapping(mapping));
    }
    const value = portObject.read(node, path, context) as Port;
    return readValue(node, path, () => {
      if (value.target === undefined) throw new InvalidValue("target, the container's port, is missing");
      if (value.host_ip !== undefined && isIP(value.host_ip) === 0) {
        throw new InvalidValue(`host_ip ${value.host_ip} is no IP address`);
      }
      return { mode: "ingress", protocol: "tcp", ...(portObject.finish(value) as Port) };
    });
  },
  keyOf: (item) => {
    const value = item as Port;
    return [value.host_ip ?? "0.0.0.0", value.published ?? "", value.target, value.protocol].join(" ");
  },
});

const mountObject = object(
  {
    type: { shape: word("bind", "volume", "tmpfs") },
    source: { shape: text },
    target: { shape: text },
    read_only: { shape: boolean },
    bind: {
      keep: true,
      shape: object({
        selinux: { shape: word("z", "Z") },
        propagation: { shape: text },
        create_host_path: { shape: boolean },
        recursive: { shape: word("enabled", "disabled", "writable", "readonly") },
      }),
    },
    volume: {
      keep: true,
      shape: object({
        labels: { shape: keyValues({ unset: "" }) },
        nocopy: { shape: boolean },
        subpath: { shape: text },
      }),
    },
    tmpfs: { keep: true, shape: object({ size: { shape: bytes }, mode: { shape: integer } }) },
  },
  { unsupported: ["consistency", "image"] },
);

export const mounts = list({
  readItem(node, path, context) {
    if (node.kind === "list") throw wrongType(node, path, "a text or a mapping");
    if (node.kind === "scalar") {
      const spec = readText(node, path);
      return readValue(node, path, () => mountObject.finish(parseMount(spec)));
    }
    const value = mountObject.read(node, path, context) as Mount;
    return readValue(node, path, () => {
      if (value.type === undefined)
        throw new InvalidValue("type is missing; it can be bind, volume or tmpfs");
      if (value.target === undefined || value.target === "") throw new InvalidValue("target is missing");
      if (value.type === "bind" && !value.source) throw new InvalidValue("a bind mount needs a source");
      return { ...(mountObject.finish(value) as Mount), target: cleanTarget(value.target) };
    });
  },
  keyOf: (item) => (item as Mount).target,
});

const fileReferenceObject = object({
  source: { shape: text },
  target: { shape: text },
  uid: { shape: text },
  gid: { shape: text },
  mode: { shape: fileMode },
});

/** References to top-level configs or secrets; `folder` is where one without a target is found. */
export function fileReferences(folder: string): Shape {
  return list({
    readItem(node, path, context) {
      if (node.kind === "list") throw wrongType(node, path, "a text or a mapping");
      if (node.kind === "scalar") return { source: readText(node, path) };
      const value = fileReferenceObject.read(node, path, context) as JsonObject;
      return readValue(node, path, () => {
        if (value.source === undefined) throw new InvalidValue("source is missing");
        return fileReferenceObject.finish(value);
      });
    },
    keyOf: (item) => {
      const value = item as { source: string; target?: string };
      return value.target ?? `${folder}/${value.source}`;
    },
  });
}

/** One limit, or soft and hard. */
export const ulimit: Shape = scalar((node, path, context) => {
  if (node.kind === "list") throw wrongType(node, path, "a whole number, or soft and hard");
  if (node.kind === "scalar") {
    const value = readInteger(node, path);
    return value === 0 ? {} : value;
  }
  const value = ulimitObject.read(node, path, context) as JsonObject;
  return readValue(node, path, () => {
    if (value.soft === undefined || value.hard === undefined)
      throw new InvalidValue("soft and hard are both needed");
    return ulimitObject.finish(value);
  });
});

const ulimitObject = object({ soft: { shape: integer }, hard: { shape: integer } });

export const expose = list({ readItem: readLooseText, keyOf: byName });
