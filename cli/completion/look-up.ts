import { listInstruments } from "../../kit/instruments.js";
import type { Project } from "../compose/model.js";
import type { CommandRequest } from "../kernel/command.js";
import { resolveGlobalOptions } from "../kernel/global-options.js";
import { openProject } from "../stack/open-stack.js";
import { findReach } from "../streams/find-reach.js";
import type { Reach } from "../streams/open-streams.js";
import type { Suggestion } from "./complete.js";
import type { ReadWords } from "./read-words.js";
import type { LiveSource } from "./sources.js";

/** A broker that has not answered by then is left out: somebody waits with a finger on the key. */
const brokerTimeoutMs = 500;

const storeKinds: readonly string[] = ["mysql", "postgres", "mongodb", "redis"];

const lookUps: Readonly<Record<LiveSource, (request: CommandRequest) => Promise<readonly Suggestion[]>>> = {
  services: async (request) => listServices(await open(request), () => true),
  pages: async (request) => listServices(await open(request), ({ uiPort }) => uiPort !== undefined),
  stores: listStores,
  streams: async (request) => {
    const { listStreams } = await import("../streams/choose-streams.js");
    return listStreams(await open(request)).map(({ name, about }) => ({ value: name, about }));
  },
  topics: listTopics,
  queues: listQueues,
  tickers: async () => listInstruments().map(({ ticker, name }) => ({ value: ticker, about: name })),
  checks: async () => {
    const { checks, knownWords } = await loadChecks();
    return knownWords(checks).map(plain);
  },
  findings: async () => {
    const { checks, findingIds } = await loadChecks();
    return findingIds(checks).map(plain);
  },
  profiles: async (request) => {
    const { services } = await open(request);
    return [...new Set(Object.values(services).flatMap(({ profiles = [] }) => profiles))].map(plain);
  },
};

/** The values of a source in the project that the typed words are about. Rejects where its files are broken. */
export function lookUp(
  source: LiveSource,
  { globals }: ReadWords,
  { context, output, ...request }: CommandRequest,
): Promise<readonly Suggestion[]> {
  const silence = { warn: () => {}, note: () => {}, debug: () => {} };
  return lookUps[source]({
    ...request,
    context,
    output: Object.assign(Object.create(output), silence),
    globals: { ...resolveGlobalOptions(globals, context.env), profile: ["*"] },
  });
}

async function open(request: CommandRequest): Promise<Project> {
  return (await openProject(request, { missingVariables: "empty" })).project;
}

type Extension = NonNullable<Project["services"][string]["x-mybroker"]>;

function listServices(
  { services }: Project,
  suits: (extension: Partial<Extension>) => boolean,
): Suggestion[] {
  return Object.entries(services)
    .filter(([, service]) => suits(service["x-mybroker"] ?? {}))
    .map(([value, service]) => ({ value, about: service["x-mybroker"]?.kind ?? service.image ?? "" }));
}

async function listStores(request: CommandRequest): Promise<readonly Suggestion[]> {
  const { findSeedStores } = await import("../seed/stores.js");
  try {
    const { stores } = await findSeedStores(request, undefined);
    return [...new Set(stores.map(({ store }) => store))].map(plain);
  } catch {
    // Without an .env nobody knows how they are reached, but what they are called.
    return listServices(await open(request), ({ kind = "none" }) => storeKinds.includes(kind));
  }
}

async function loadChecks() {
  const [{ checks }, choose] = await Promise.all([
    import("../doctor/checks.js"),
    import("../doctor/choose-checks.js"),
  ]);
  return { checks, ...choose };
}

/** What the brokers have; of one that does not answer, what the compose file declares. */
async function listTopics(request: CommandRequest): Promise<readonly Suggestion[]> {
  const reach = await findReach(request, await open(request));
  const { portOf } = await import("../streams/open-streams.js");
  const { KafkaSession } = await import("../../kit/kafka-session.js");
  return askBrokers(reach, "kafka", async (service, { topics = [] }) => {
    const ask = async () => {
      const address = `${reach.host}:${portOf(reach.project, service)}`;
      const session = await KafkaSession.open([address], brokerTimeoutMs);
      try {
        const view = await session.describe([]);
        return view.topics.filter(({ isInternal }) => !isInternal).map(({ name }) => name);
      } finally {
        session.close();
      }
    };
    return { ask, declared: topics, about: "topic" };
  });
}

async function listQueues(request: CommandRequest): Promise<readonly Suggestion[]> {
  const reach = await findReach(request, await open(request));
  const [{ rabbitBrokerOf }, { managementOf }] = await Promise.all([
    import("../streams/open-streams.js"),
    import("../streams/rabbit-broker.js"),
  ]);
  return askBrokers(reach, "rabbitmq", async (service, { queues = [], streams = [] }) => {
    const ask = async () => {
      const management = managementOf(rabbitBrokerOf(service, reach));
      const found = await Promise.all([management.listExchanges(), management.listQueues()]);
      return found.flat().map(({ name }) => name);
    };
    return { ask, declared: [...queues, ...streams], about: "exchange or queue" };
  });
}

interface BrokerNames {
  readonly declared: readonly string[];
  readonly about: string;
  ask(): Promise<readonly string[]>;
}

async function askBrokers(
  { project }: Reach,
  kind: "kafka" | "rabbitmq",
  describe: (service: string, extension: Partial<Extension>) => Promise<BrokerNames>,
): Promise<readonly Suggestion[]> {
  const { within } = await import("../../kit/within.js");
  const services = Object.entries(project.services).filter(
    ([, service]) => service["x-mybroker"]?.kind === kind,
  );
  const lists = await Promise.all(
    services.map(async ([service, { "x-mybroker": extension }]) => {
      const { ask, declared, about } = await describe(service, extension ?? {});
      const names = await within(ask(), brokerTimeoutMs).catch(() => declared);
      return names.map((value) => ({ value, about: `${about} of ${service}` }));
    }),
  );
  return lists.flat();
}

function plain(value: string): Suggestion {
  return { value, about: "" };
}
