import type { ServiceDefinition } from "./shared/service.js";

/** Loaded when they are asked for: a container runs one of them. */
const definitions = {
  "broker-identity": async () => (await import("./broker-identity/main.js")).brokerIdentity,
  "broker-asset": async () => (await import("./broker-asset/main.js")).brokerAsset,
  "broker-wallet": async () => (await import("./broker-wallet/main.js")).brokerWallet,
  "broker-order": async () => (await import("./broker-order/main.js")).brokerOrder,
  "broker-market-data": async () => (await import("./broker-market-data/main.js")).brokerMarketData,
  "broker-report": async () => (await import("./broker-report/main.js")).brokerReport,
  "broker-gateway": async () => (await import("./broker-gateway/main.js")).brokerGateway,
  "b3-market-sync": async () => (await import("./b3-market-sync/main.js")).b3MarketSync,
  "b3-matching-engine": async () => (await import("./b3-matching-engine/main.js")).b3MatchingEngine,
} satisfies Record<string, () => Promise<ServiceDefinition>>;

export type ServiceName = keyof typeof definitions;

export const serviceNames = Object.keys(definitions) as readonly ServiceName[];

export function isServiceName(name: string): name is ServiceName {
  return Object.hasOwn(definitions, name);
}

/** The code of one service. */
export function loadService(name: ServiceName): Promise<ServiceDefinition> {
  return definitions[name]();
}
