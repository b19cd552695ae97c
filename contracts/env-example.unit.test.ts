import { describe, expect, it } from "vitest";
import {
  composeText,
  domainServices,
  exampleKeys,
  findVariables,
  servers,
  services,
} from "./testing/stack-files.js";

// Compose itself sets the project's name.
const uses = findVariables(composeText).filter(({ name }) => name !== "COMPOSE_PROJECT_NAME");
const credentials = services.flatMap(([, service]) => Object.values(service["x-mybroker"].credentials ?? {}));
const secrets = [...exampleKeys].filter(([, { secret }]) => secret).map(([key]) => key);
const optional = [...exampleKeys].filter(([, mark]) => mark.optional).map(([key]) => key);

describe(".env.example and docker-compose.yml", () => {
  it("the file uses no variable that the example does not have", () => {
    expect(uses.map(({ name }) => name).filter((name) => !exampleKeys.has(name))).toEqual([]);
  });

  it("the example has no key that nothing uses", () => {
    const used = new Set([...uses.map(({ name }) => name), ...credentials]);
    expect([...exampleKeys.keys()].filter((key) => !used.has(key))).toEqual([]);
  });

  it("a secret has no value in the example and no default in the file", () => {
    expect(secrets).toContain("BROKER_DB_PASS");
    for (const { name, form } of uses.filter(({ name }) => secrets.includes(name))) {
      const wanted = optional.includes(name) ? ":-" : ":?run: mybroker init";
      expect(`${name}${form}`).toBe(`${name}${wanted}`);
    }
    expect(optional).toEqual(["BRAPI_TOKEN"]);
    expect(secrets.filter((key) => exampleKeys.get(key)?.value !== "")).toEqual([]);
  });

  it("what looks like a secret is marked as one", () => {
    const looksSecret = [...exampleKeys.keys()].filter((key) => /PASS|SECRET|TOKEN|PRIVATE/.test(key));
    expect(looksSecret.sort()).toEqual(secrets.toSorted());
  });

  it("every other key has the same default in both", () => {
    for (const { name, form } of uses.filter(({ name }) => !secrets.includes(name))) {
      expect(`${name}${form}`).toBe(`${name}:-${exampleKeys.get(name)?.value}`);
    }
  });

  it("every key but the prefix and the secrets has a value", () => {
    const empty = [...exampleKeys].filter(([, { value, secret }]) => value === "" && !secret);
    expect(empty.map(([key]) => key)).toEqual(["IMAGE_REGISTRY"]);
  });

  const prefixOf = (service: string) => service.toUpperCase().replaceAll("-", "_");

  it.each(servers)("%s has its image under its own name", (service, { image }) => {
    const names = findVariables(image).map(({ name }) => name);
    expect(names).toEqual(["IMAGE_REGISTRY", `${prefixOf(service)}_IMAGE`]);
  });

  it.each(services)("%s has its port under its own name", (service, { ports }) => {
    expect(findVariables(ports[0] ?? "").map(({ name }) => name)).toEqual([`${prefixOf(service)}_HOST_PORT`]);
  });

  it.each(domainServices)("%s is told the names of ADR 0009 only", (_, { environment = {} }) => {
    const pattern =
      /^(HOST|PORT|LOG_LEVEL|(DATABASE|CACHE|MONGODB|RABBITMQ)_(URL|USER|PASSWORD)|KAFKA_BROKERS|(IDENTITY|ORDER|WALLET|ASSET|REPORT)_URL|SERVICE_TOKEN(_BROKER_ORDER)?|JWT_PRIVATE_SEED|SEED_USER_PASSWORD|QUOTE_(SOURCE|SEED|INTERVAL)|BRAPI_TOKEN|B3_MATCHING_MODE|SESSION|LP_(ENABLED|SIZE))$/;
    expect(Object.keys(environment).filter((name) => !pattern.test(name))).toEqual([]);
  });

  it("credentials name keys of the example, passwords secret ones", () => {
    expect(credentials.filter((key) => !exampleKeys.has(key))).toEqual([]);
    for (const [, service] of services) {
      const password = service["x-mybroker"].credentials?.password;
      if (password !== undefined) expect(secrets).toContain(password);
    }
  });
});
