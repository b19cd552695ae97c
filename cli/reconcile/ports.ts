import type { Service } from "../compose/model.js";

export interface PortBinding {
  HostIp: string;
  HostPort: string;
}

/** "3000-3005" -> "3000" … "3005"; a single port as it is. */
function expandRange(text: string): string[] {
  const [port = text, protocol = "tcp"] = text.split("/");
  const [first, last] = port.split("-").map(Number);
  if (first === undefined || last === undefined) return [`${port}/${protocol}`];
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}

/** Ports that the container opens to its networks: `expose` and the targets of `ports`. */
export function buildExposedPorts(service: Service): Record<string, object> {
  const targets = [
    ...(service.expose ?? []).flatMap(expandRange),
    ...(service.ports ?? []).map((port) => `${port.target}/${port.protocol ?? "tcp"}`),
  ];
  return Object.fromEntries(targets.map((target) => [target, {}]));
}

/** `published` may be empty (the engine picks a port) or a range (it picks one of them), as in Compose. */
export function buildPortBindings(service: Service): Record<string, PortBinding[]> {
  const bindings: Record<string, PortBinding[]> = {};
  for (const port of service.ports ?? []) {
    const key = `${port.target}/${port.protocol ?? "tcp"}`;
    bindings[key] = [
      ...(bindings[key] ?? []),
      { HostIp: port.host_ip ?? "", HostPort: port.published ?? "" },
    ];
  }
  return bindings;
}
