import type { CacheSettings } from "../../kit/cache/cache.js";
import type { DocumentSettings } from "../../kit/documents/documents.js";
import {
  readCacheSettings,
  readDatabaseSettings,
  readDocumentSettings,
  SettingError,
} from "../../kit/settings.js";
import type { DatabaseSettings } from "../../kit/sql/database.js";
import { hostEnvironment } from "../compose/host-addresses.js";
import type { Project, Service } from "../compose/model.js";
import { findHostAddress } from "../engine/host-address.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { CommandRequest } from "../kernel/command.js";
import { embeddedEnvironment } from "../runtime/embedded-environment.js";
import { type Place, storePathOf } from "../runtime/place.js";
import type { Runtime } from "../runtime/runtime.js";
import { openProject, withAllProfiles } from "../stack/open-stack.js";
import { type SeedPart, seedParts } from "./world/parts.js";

/** How a store is reached from this machine, by the settings of the service that owns it. */
export type StoreSettings =
  | { readonly kind: "sql"; readonly settings: DatabaseSettings }
  | { readonly kind: "documents"; readonly settings: DocumentSettings }
  | { readonly kind: "cache"; readonly settings: CacheSettings };

/** One part of the data set and where it is kept. */
export type SeedStore = StoreSettings & {
  readonly part: SeedPart;
  /** The service that owns it: "broker-wallet". */
  readonly owner: string;
  /** The store's service in the compose file: "broker-wallet-db". Two parts may share one. */
  readonly store: string;
};

/** The stores of a project as they are reached on its runtime. */
export interface SeedStores {
  readonly project: { readonly name: string; readonly folder: string };
  readonly runtime: Runtime;
  readonly stores: readonly SeedStore[];
  /** What the process of a service has as environment on this machine (what `mybroker env SERVICE` prints). */
  environmentOf(service: string): Readonly<Record<string, string>>;
}

/** The exchange's book is in this service's memory. */
export const engineService = "b3-matching-engine";

const owners = {
  identity: ["broker-identity", "DATABASE"],
  wallet: ["broker-wallet", "DATABASE"],
  order: ["broker-order", "DATABASE"],
  asset: ["broker-asset", "DATABASE"],
  exchange: [engineService, "DATABASE"],
  "market-data": ["broker-market-data", "MONGODB"],
  report: ["broker-report", "MONGODB"],
  "asset-cache": ["broker-asset", "CACHE"],
  "wallet-cache": ["broker-wallet", "CACHE"],
  "market-cache": ["b3-market-sync", "CACHE"],
} as const satisfies Readonly<Record<SeedPart, readonly [owner: string, variables: string]>>;

const readers = {
  DATABASE: (environment) => ({ kind: "sql", settings: readDatabaseSettings(environment) }),
  MONGODB: (environment) => ({ kind: "documents", settings: readDocumentSettings(environment) }),
  CACHE: (environment) => ({ kind: "cache", settings: readCacheSettings(environment) }),
} as const satisfies Readonly<Record<string, (environment: Environment) => StoreSettings>>;

type Environment = Readonly<Record<string, string>>;

export interface FoundStores extends SeedStores {
  /** Of the embedded runtime; undefined on Docker. */
  readonly place: Place | undefined;
}

/**
 * From the files alone: whether a store answers shows when it is used.
 * @param place of the project's embedded runtime, where it has one
 * @throws MybrokerError seed.no-service, seed.setting, exit 2, and what is wrong in the files
 */
export async function findSeedStores(
  request: CommandRequest,
  place: Place | undefined,
): Promise<FoundStores> {
  const { project } = await openProject(withAllProfiles(request), { missingVariables: "error" });
  const host = findHostAddress(request.context);
  const environmentOf = (name: string): Environment => {
    const service = requireService(project, name);
    return place === undefined
      ? hostEnvironment(project, { service, host })
      : embeddedEnvironment(project, service, (store) => storePathOf(place, store));
  };
  return {
    project: { name: project.name, folder: project.workingDir },
    runtime: place === undefined ? "docker" : "embedded",
    place,
    environmentOf,
    stores: seedParts.map((part) => {
      const [owner, variables] = owners[part];
      const address = requireService(project, owner).environment?.[`${variables}_URL`] ?? "";
      const read = readStore(owner, environmentOf(owner), variables);
      return {
        // The process that runs the stores has looked through their files.
        ...({ ...read, settings: { ...read.settings, checked: true } } as StoreSettings),
        part,
        owner,
        store: /^[a-z]+:\/\/([\w.-]+)/.exec(address)?.[1] ?? owner,
      };
    }),
  };
}

function requireService(project: Project, name: string): Service {
  const service = project.services[name] ?? project.disabledServices[name];
  if (service !== undefined) return service;
  throw new MybrokerError({
    code: "seed.no-service",
    message: `The compose file of ${project.name} has no ${name}, whose store the data set is for`,
    hint: "The shipped project, in an empty folder:  {mybroker} init",
    exitCode: exitCodes.usage,
    details: { service: name },
  });
}

function readStore(owner: string, environment: Environment, variables: keyof typeof readers): StoreSettings {
  try {
    return readers[variables](environment);
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    throw new MybrokerError({
      code: "seed.setting",
      message: `${owner} does not say where its store is: ${error.message}`,
      hint: `correct its environment in the compose file; what holds now:  {mybroker} env ${owner}`,
      exitCode: exitCodes.usage,
      details: { service: owner },
    });
  }
}
