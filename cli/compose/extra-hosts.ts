import { InvalidValue } from "./port-mapping.js";
import { readValue, type Shape, wrongType } from "./shape.js";
import { readText } from "./shape-values.js";
import { joinPath, type SourceNode } from "./source-tree.js";

type HostEntry = readonly [host: string, address: string];

/** "host=address" or "host:address" items, or a mapping of hosts to one or several addresses. In the model: sorted. */
export const extraHosts: Shape = {
  read(node, path, context) {
    if (node.kind === "scalar") throw wrongType(node, path, "a mapping or a list");
    context.locate(path, node.place);
    const entries =
      node.kind === "list"
        ? node.items.flatMap((item, index) => readItem(item, joinPath(path, index)))
        : [...node.entries].flatMap(([host, child]) => readAddresses(host, child, joinPath(path, host)));
    return entries.map(([host, address]) => `${host}=${address.replace(/^\[(.+)\]$/, "$1")}`);
  },
  merge: (base, override) => [...new Set([...(base as string[]), ...(override as string[])])],
  finish: (value) => [...(value as string[])].sort(),
};

function readItem(node: SourceNode, path: string): HostEntry[] {
  const item = readText(node, path);
  return readValue(node, path, () => {
    const at = item.includes("=") ? item.indexOf("=") : item.indexOf(":");
    if (at < 0) throw new InvalidValue(`"${item}" names no address; write host=address`);
    const host = checkHost(item.slice(0, at));
    return item
      .slice(at + 1)
      .split(",")
      .map((address) => [host, address] as const);
  });
}

function readAddresses(host: string, node: SourceNode, path: string): HostEntry[] {
  const addresses =
    node.kind === "list" ? node.items.map((item) => readText(item, path)) : [readText(node, path)];
  return readValue(node, path, () => addresses.map((address) => [checkHost(host), address] as const));
}

function checkHost(host: string): string {
  if (host === "" || /[:=]/.test(host)) throw new InvalidValue(`"${host}" is no host name`);
  return host;
}
