import { access, constants, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { EmbeddedKind, ServiceSetting } from "../../contracts/embedded-control.js";
import { switchSqliteFile } from "../../kit/sql/sqlite-file.js";
import { startAmqpBroker } from "../amqp/start-amqp-broker.js";
import { startKafkaBroker } from "../kafka/start-kafka-broker.js";
import { openStores, storePath } from "../stores/open-stores.js";
import type { Component, Surroundings } from "./component.js";
import { createService } from "./service-component.js";

type Create = (setting: ServiceSetting, surroundings: Surroundings) => Component;

const creators: Readonly<Record<EmbeddedKind, Create>> = {
  kafka: createKafka,
  rabbitmq: createRabbitmq,
  mysql: createStore,
  postgres: createStore,
  mongodb: createStore,
  redis: createStore,
  service: createService,
};

/** What each setting stands for. */
export function createComponents(
  settings: readonly ServiceSetting[],
  surroundings: Surroundings,
): Component[] {
  return settings.map((setting) => creators[setting.kind](setting, surroundings));
}

const host = "127.0.0.1";

function createKafka(setting: ServiceSetting, { dataFolder, write }: Surroundings): Component {
  const { name, port = 9092, topics = [] } = setting;
  const path = join(dataFolder, name);
  const log = write.bind(undefined, name);
  const options = { host, port, dataFolder: path, topics, log };
  return { setting, path, start: () => makeWritable(path).then(() => startKafkaBroker(options)) };
}

function createRabbitmq(setting: ServiceSetting, { dataFolder, write }: Surroundings): Component {
  const { name, port = 5672, user = "guest", password = "guest", definitions = {} } = setting;
  const path = join(dataFolder, name);
  const log = write.bind(undefined, name);
  const options = { host, port, dataFolder: path, user, password, definitions, log };
  return { setting, path, start: () => makeWritable(path).then(() => startAmqpBroker(options)) };
}

/** While a store is stopped its file is away for the services too, which have it open. */
function createStore(setting: ServiceSetting, { dataFolder }: Surroundings): Component {
  const folder = join(dataFolder, "stores");
  const path = storePath(folder, setting.name);
  switchSqliteFile(path, false);
  return {
    setting,
    path,
    start: async () => {
      await makeWritable(folder);
      const [store] = await openStores({ folder, services: [setting] });
      switchSqliteFile(path, true);
      return {
        address: null,
        ...(store === undefined ? {} : { check: () => store.check() }),
        close: async () => {
          store?.close();
          switchSqliteFile(path, false);
        },
      };
    },
  };
}

/** A start that only reads would not notice what the first write then stumbles over. */
async function makeWritable(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await access(folder, constants.W_OK);
}
