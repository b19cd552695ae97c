/** The services that commands speak to, as the shipped compose file calls them. */
export const parts = {
  gateway: "broker-gateway",
  identity: "broker-identity",
  wallet: "broker-wallet",
  engine: "b3-matching-engine",
} as const;

/** Whether somebody can log in, pay and place an order where these services run. */
export function takesOrders(services: readonly string[]): boolean {
  return [parts.gateway, parts.identity, parts.wallet].every((name) => services.includes(name));
}

/** What to type next where that is so. */
export const nextWithOrders = "Next:  {mybroker} order buy PETR4 100 --watch      {mybroker} tail orders";

/** Who acts where no user is named; `up` sees to it that they exist. */
export const demoEmail = "demo@mybroker.example";

/** Made by broker-identity at its start. */
export const adminEmail = "admin@mybroker.example";
