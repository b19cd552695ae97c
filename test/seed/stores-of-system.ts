import type { SeedPorts } from "../../cli/seed/run-seed.js";
import type { SeedStore, SeedStores } from "../../cli/seed/stores.js";
import { type SeedPart, seedParts } from "../../cli/seed/world/parts.js";
import { type System, secrets } from "../brokerage/start-system.js";

const stores: Readonly<Record<SeedPart, readonly [kind: SeedStore["kind"], owner: string, store: string]>> = {
  identity: ["sql", "broker-identity", "broker-identity-db"],
  wallet: ["sql", "broker-wallet", "broker-wallet-db"],
  order: ["sql", "broker-order", "broker-order-db"],
  asset: ["sql", "broker-asset", "broker-asset-db"],
  exchange: ["sql", "b3-matching-engine", "b3-core-db"],
  "market-data": ["documents", "broker-market-data", "broker-mongodb"],
  report: ["documents", "broker-report", "broker-mongodb"],
  "asset-cache": ["cache", "broker-asset", "broker-asset-cache"],
  "wallet-cache": ["cache", "broker-wallet", "broker-wallet-cache"],
  "market-cache": ["cache", "b3-market-sync", "b3-market-cache"],
};

/** The files of a system in this process, as the seed finds those of a project. */
export function storesOf({ storePath }: Pick<System, "storePath">): SeedStores {
  return {
    project: { name: "in-process", folder: "/nonexistent" },
    runtime: "embedded",
    environmentOf: () => ({}),
    stores: seedParts.map((part) => {
      const [kind, owner, store] = stores[part];
      return { part, kind, owner, store, settings: { kind: "sqlite", path: storePath(store) } } as SeedStore;
    }),
  };
}

export interface PortsOptions {
  readonly system?: Pick<System, "startService" | "stopService">;
  readonly signal?: AbortSignal;
  readonly onProgress?: SeedPorts["onProgress"];
  readonly confirm?: boolean;
}

/** The seed's surroundings: the engine of the system stands still where there is one. */
export function portsOf({ system, signal, onProgress, confirm = true }: PortsOptions = {}): SeedPorts & {
  readonly notes: string[];
  readonly asked: number[];
} {
  const engine = "b3-matching-engine";
  const notes: string[] = [];
  const asked: number[] = [];
  return {
    notes,
    asked,
    nowMs: Date.now(),
    signal: signal ?? new AbortController().signal,
    password: secrets.password,
    confirm: async (users) => {
      asked.push(users);
      return confirm;
    },
    migrate: async () => {},
    whileLocked: (work) => work(),
    whileEngineStands: async (work) => {
      await system?.stopService(engine);
      try {
        return await work();
      } finally {
        await system?.startService(engine);
      }
    },
    onProgress: onProgress ?? (() => {}),
    note: (text) => void notes.push(text),
  };
}
