import { isStoreKind } from "../../contracts/embedded-control.js";
import { type Environment, hostEnvironment } from "../compose/host-addresses.js";
import type { Project, Service } from "../compose/model.js";

/**
 * What a domain service has as environment in its container, as it holds on the embedded runtime: the address of a
 * database is the file that stands in its place, which nobody logs in to.
 * @param storePath where the file of a store is, by the name of its service
 */
export function embeddedEnvironment(
  project: Project,
  service: Service,
  storePath: (name: string) => string,
): Record<string, string> {
  const environment: Record<string, string | null> = { ...service.environment };
  for (const [name, value] of Object.entries(environment)) {
    const store = findStore(project, value);
    if (store === undefined) continue;
    environment[name] = `sqlite://${storePath(store)}`;
    const prefix = name.replace(/_URL$/, "");
    for (const login of [`${prefix}_USER`, `${prefix}_PASSWORD`]) delete environment[login];
  }
  return hostEnvironment(project, { service, host: "127.0.0.1", environment: environment as Environment });
}

/** "broker-order-db" of "mysql://broker-order-db:3306/broker_order". */
function findStore({ services, disabledServices }: Project, value: string | null): string | undefined {
  const name = /^[a-z]+:\/\/([\w.-]+)(?::\d+)?(?:\/|$)/.exec(value ?? "")?.[1] ?? "";
  const found = services[name] ?? disabledServices[name];
  return isStoreKind(found?.["x-mybroker"]?.kind) ? name : undefined;
}
