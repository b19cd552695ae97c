/** By their names in lower case. */
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** RFC 9110, 7.6.1: of one connection only. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What the gateway says itself, or what no client may say. */
const own = new Set([
  ...["host", "content-length", "expect"],
  ...["x-request-id", "traceparent", "x-user-id", "x-service-token"],
]);

/** What a service is sent of a client's headers. */
export function keepRequestHeaders(headers: Headers): Headers {
  return keep(headers, (name) => !own.has(name));
}

/** What a client is sent of a service's headers. */
export function keepResponseHeaders(headers: Headers): Headers {
  return keep(headers, (name) => name !== "x-request-id");
}

function keep(headers: Headers, allows: (name: string) => boolean): Headers {
  const listed = String(headers.connection ?? "")
    .toLowerCase()
    .split(/[\s,]+/);
  const kept: Record<string, string | string[] | undefined> = {};
  for (const name in headers) {
    if (!hopByHop.has(name) && !listed.includes(name) && allows(name)) kept[name] = headers[name];
  }
  return kept;
}
