import { expect } from "vitest";
import type { DatabaseSettings } from "../../../kit/sql/database.js";
import { runOnStack } from "../../interop/cli-on-stack.js";
import { bringServiceStack } from "../../stack/service-stack.js";
import type { ComposeStack } from "../../support/compose-stack.js";
import type { OrderDatabases } from "../find-violations.js";
import { enter, giveShares, type Investor, waitForPrices } from "../investor.js";
import { type Containers, createContainers } from "./containers.js";

/** The shipped stack of 23 on a Docker Engine, under a name and ports of its own. */
export interface EngineSystem {
  readonly stack: ComposeStack;
  readonly containers: Containers;
  /** The nine. */
  readonly services: readonly string[];
  readonly gateway: string;
  readonly databases: OrderDatabases;
  readonly admin: Investor;
  urlOf(service: string): string;
  /** Logs in, or registers who is new. */
  enter(name: string): Promise<Investor>;
  /** `mybroker up` of all that is missing. */
  up(): Promise<void>;
  close(): Promise<void>;
}

/** @param project of Compose; nothing else on the engine may have it */
export async function bringSystem(project: string): Promise<EngineSystem> {
  const { stack, services } = await bringServiceStack(project);
  const urlOf = (service: string) => {
    const { host, port } = stack.target(service);
    return `http://${host}:${port}`;
  };
  const gateway = urlOf("broker-gateway");
  const password = stack.env.get("SEED_USER_PASSWORD") ?? "";
  try {
    const admin = await enter(gateway, "admin@mybroker.example", password);
    await waitForPrices(gateway, admin.token);
    return {
      stack,
      services,
      gateway,
      admin,
      urlOf,
      containers: createContainers(stack),
      databases: {
        order: settingsOf(stack, "broker-order-db"),
        wallet: settingsOf(stack, "broker-wallet-db"),
        engine: settingsOf(stack, "b3-core-db"),
      },
      enter: (name) => enter(gateway, `${name}@mybroker.example`, password),
      up: async () => {
        const run = await runOnStack(stack, ["up", "--json"]);
        expect(run.exitCode, run.stdout + run.stderr).toBe(0);
      },
      close: () => stack.remove(),
    };
  } catch (error) {
    await stack.remove();
    throw error;
  }
}

function settingsOf(stack: ComposeStack, service: string): DatabaseSettings {
  const { extension, host, port, user = "", password = "", database = "" } = stack.target(service);
  const kind = extension.kind === "postgres" ? "postgres" : "mysql";
  return { kind, host, port, user, password, database };
}

/** Money and shares enough for any load. */
export async function endow({ gateway, admin }: EngineSystem, investor: Investor): Promise<void> {
  await investor.deposit(10_000_000);
  for (const ticker of ["PETR4", "MXRF11"]) {
    await giveShares(gateway, { admin, userId: investor.userId, ticker, quantity: 100_000 });
  }
}
