/** The services that take a user's orders: with these three running somebody can log in, pay and place one. */
export const parts = {
  gateway: "broker-gateway",
  identity: "broker-identity",
  wallet: "broker-wallet",
  engine: "b3-matching-engine",
} as const;

/** Whether that is possible with these services. */
export function takesOrders(services: readonly string[]): boolean {
  return [parts.gateway, parts.identity, parts.wallet].every((name) => services.includes(name));
}

/** What to type next where it is. */
export const nextWithOrders = "Next:  {mybroker} order buy PETR4 100 --watch      {mybroker} tail orders";

/** Who acts where no user is named; `up` sees to it that they exist. */
export const demoEmail = "demo@mybroker.example";

/** Made by broker-identity at its start. */
export const adminEmail = "admin@mybroker.example";
