import type { RequestOptions } from "node:http";

/** Where a broker answers questions about itself. */
export type ManagementAddress =
  | {
      /** The management plugin's port, and a login with the tag "management" (the firehose: "administrator"). */
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
    }
  | {
      /** The control socket of the embedded runtime, and which of its services is asked. */
      readonly socketPath: string;
      readonly service: string;
    };

/** Names and values as the management API has them. */
export interface ExchangeFacts {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly internal: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** The name of the policy that applies. */
  readonly policy?: string | null;
}

export interface QueueFacts {
  readonly name: string;
  /** "classic", "quorum", "stream". */
  readonly type: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface BindingFacts {
  /** "" is the default exchange. */
  readonly source: string;
  readonly destination: string;
  readonly destination_type: "queue" | "exchange";
  readonly routing_key: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

interface VhostFacts {
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly default_queue_type?: string;
  readonly protected_from_deletion?: boolean;
  readonly tracing: boolean;
}

/** What is asked of a broker about one of its virtual hosts. All reject with ManagementError. */
export interface RabbitmqManagement {
  listExchanges(): Promise<readonly ExchangeFacts[]>;
  listQueues(): Promise<readonly QueueFacts[]>;
  listBindings(): Promise<readonly BindingFacts[]>;
  isTracing(): Promise<boolean>;
  /** Switches the firehose and nothing else of the virtual host. */
  setTracing(on: boolean): Promise<void>;
}

/** It did not answer, or not as asked. `status` is that of HTTP where there was an answer. */
export class ManagementError extends Error {
  readonly status: number | undefined;

  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

interface Call {
  readonly method: "GET" | "PUT";
  readonly path: string;
  readonly body?: unknown;
}

/** No connection is kept. @param timeoutMs for each question */
export function askManagement(
  address: ManagementAddress,
  { vhost = "/", timeoutMs = 3_000 }: { readonly vhost?: string; readonly timeoutMs?: number } = {},
): RabbitmqManagement {
  const name = encodeURIComponent(vhost);
  const ask = (call: Call) => send(address, call, timeoutMs);
  const list = async <T>(what: string) => JSON.parse(await ask({ method: "GET", path: what })) as T[];
  const readVhost = async () =>
    JSON.parse(await ask({ method: "GET", path: `/api/vhosts/${name}` })) as VhostFacts;
  return {
    listExchanges: () => list(`/api/exchanges/${name}`),
    listQueues: () => list(`/api/queues/${name}?disable_stats=true&enable_queue_totals=true`),
    listBindings: () => list(`/api/bindings/${name}`),
    isTracing: async () => (await readVhost()).tracing,
    setTracing: async (tracing) => {
      const { description, tags, default_queue_type, protected_from_deletion } = await readVhost();
      // Whatever is not said again is forgotten: RabbitMQ 4.3 empties the description.
      const kept = { description, default_queue_type, protected_from_deletion, tags: tags?.join(",") };
      await ask({ method: "PUT", path: `/api/vhosts/${name}`, body: { ...kept, tracing } });
    },
  };
}

function toOptions(address: ManagementAddress, path: string): RequestOptions {
  if ("socketPath" in address) {
    const { socketPath, service } = address;
    return { socketPath, path: `/services/${encodeURIComponent(service)}${path}` };
  }
  const { host, port, user, password } = address;
  return { host, port, path, auth: `${user}:${password}` };
}

async function send(address: ManagementAddress, { method, path, body }: Call, timeoutMs: number) {
  const { request } = await import("node:http");
  return new Promise<string>((resolve, reject) => {
    const fail = (message: string, status?: number, cause?: unknown) =>
      reject(new ManagementError(message, status, { cause }));
    const options: RequestOptions = {
      ...toOptions(address, path),
      method,
      agent: false,
      headers: { "content-type": "application/json" },
      signal: AbortSignal.timeout(timeoutMs),
    };
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", (error) => fail(error.message, undefined, error));
      response.once("end", () => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(Buffer.concat(chunks).toString("utf8"));
        else fail(`${method} ${path} was answered with status ${status}`, status);
      });
    });
    outgoing.once("error", (error) =>
      fail(
        error.name === "TimeoutError" ? `no answer within ${timeoutMs} ms` : error.message,
        undefined,
        error,
      ),
    );
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
