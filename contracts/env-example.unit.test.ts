import { describe, expect, it } from "vitest";
import { composeText, exampleKeys, findVariables, services } from "./testing/stack-files.js";

const uses = findVariables(composeText);
const credentials = services.flatMap(([, service]) => Object.values(service["x-mybroker"].credentials ?? {}));
const secrets = [...exampleKeys].filter(([, { secret }]) => secret).map(([key]) => key);

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
      expect(`${name}${form}`).toBe(`${name}:?run: mybroker init`);
    }
    expect(secrets.filter((key) => exampleKeys.get(key)?.value !== "")).toEqual([]);
  });

  it("what looks like a secret is marked as one", () => {
    const looksSecret = [...exampleKeys.keys()].filter((key) => /PASS|SECRET|TOKEN|SEED$/.test(key));
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

  it.each(services)("%s has its image and its port under its own name", (service, { image, ports }) => {
    const prefix = service.toUpperCase().replaceAll("-", "_");
    expect(findVariables(image).map(({ name }) => name)).toEqual(["IMAGE_REGISTRY", `${prefix}_IMAGE`]);
    expect(findVariables(ports[0] ?? "").map(({ name }) => name)).toEqual([`${prefix}_HOST_PORT`]);
  });

  it("credentials name keys of the example, passwords secret ones", () => {
    expect(credentials.filter((key) => !exampleKeys.has(key))).toEqual([]);
    for (const [, service] of services) {
      const password = service["x-mybroker"].credentials?.password;
      if (password !== undefined) expect(secrets).toContain(password);
    }
  });
});
