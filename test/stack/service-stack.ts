import { runOnStack } from "../interop/cli-on-stack.js";
import { type ComposeStack, prepareComposeStack } from "../support/compose-stack.js";

interface Ready {
  readonly service: string;
  readonly elapsedMs: number;
}

export interface ServiceStack {
  readonly stack: ComposeStack;
  /** Names of the nine. */
  readonly services: readonly string[];
  /** What `up` said of each service, in the order in which they were ready. */
  readonly ready: readonly Ready[];
}

/** All 23, made by `mybroker up`. */
export async function bringServiceStack(project: string): Promise<ServiceStack> {
  const stack = await prepareComposeStack(project, ["services"]);
  try {
    const run = await runOnStack(stack, ["up", "--json"]);
    if (run.exitCode !== 0) throw new Error(run.stdout + run.stderr);
    const { services: ready } = run.json().data as { services: readonly Ready[] };
    const services = Object.entries(stack.services)
      .filter(([, service]) => service["x-mybroker"].kind === "service")
      .map(([name]) => name);
    return { stack, services, ready };
  } catch (error) {
    await stack.remove();
    throw error;
  }
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  /** Unix time, value. */
  readonly value: readonly [number, string];
}

/** Asks the stack's Prometheus; throws what it says of a query that it does not understand. */
export async function queryPrometheus(stack: ComposeStack, query: string): Promise<readonly Sample[]> {
  const { host, port } = stack.target("prometheus");
  const answer = await fetch(`http://${host}:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
  const body = (await answer.json()) as { error?: string; data?: { result: readonly Sample[] } };
  if (body.data === undefined) throw new Error(`${query}: ${body.error}`);
  return body.data.result;
}
