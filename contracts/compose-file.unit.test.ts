import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import {
  composeText,
  domainServices,
  type RawMount,
  root,
  servers,
  services,
  stack,
  withDefaults,
} from "./testing/stack-files.js";

const schema = JSON.parse(readFileSync(resolve(import.meta.dirname, "x-mybroker.schema.json"), "utf8"));
const validate = new Ajv({ allErrors: true }).compile(schema);

/** Image without its version, published host ports. */
const expected: Readonly<Record<string, readonly [string, ...number[]]>> = {
  "broker-identity-db": ["mysql:8.0", 3306],
  "broker-wallet-db": ["mysql:8.0", 3307],
  "broker-order-db": ["mysql:8.0", 3308],
  "broker-asset-db": ["mysql:8.0", 3309],
  "b3-core-db": ["postgres:15", 5432],
  "broker-mongodb": ["mongo:7.0", 27017],
  "broker-asset-cache": ["redis:7", 6379],
  "broker-wallet-cache": ["redis:7", 6380],
  "b3-market-cache": ["redis:7", 6381],
  kafka: ["apache/kafka:4", 9092],
  "kafka-ui": ["kafbat/kafka-ui:v1", 8090],
  rabbitmq: ["rabbitmq:4", 5672, 15672],
  prometheus: ["prom/prometheus:v3", 9090],
  grafana: ["grafana/grafana:12", 3000],
};

const expectedServices: Readonly<Record<string, number>> = {
  "broker-gateway": 8080,
  "broker-identity": 8089,
  "broker-asset": 8083,
  "broker-wallet": 8085,
  "broker-order": 8088,
  "broker-market-data": 8082,
  "broker-report": 8087,
  "b3-market-sync": 8096,
  "b3-matching-engine": 8091,
};

/** Folders that the official images declare as volumes (their Dockerfiles' VOLUME lines). */
const declaredVolumes: Readonly<Record<string, readonly string[]>> = {
  mysql: ["/var/lib/mysql"],
  postgres: ["/var/lib/postgresql/data"],
  mongo: ["/data/db", "/data/configdb"],
  redis: ["/data"],
  "apache/kafka": ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"],
  rabbitmq: ["/var/lib/rabbitmq"],
  "prom/prometheus": ["/prometheus"],
};

function isBind(mount: string | RawMount): mount is RawMount {
  return typeof mount !== "string";
}

function repositoryOf(image: string): string {
  return withDefaults(image).split(":")[0] ?? "";
}

describe("docker-compose.yml", () => {
  it("has the 14 servers, and the nine services in a profile", () => {
    expect(stack.name).toBe("mybroker");
    expect(servers.map(([name]) => name).sort()).toEqual(Object.keys(expected).sort());
    expect(domainServices.map(([name]) => name).sort()).toEqual(Object.keys(expectedServices).sort());
    expect(services).toHaveLength(23);
  });

  it("says 127.0.0.1, never localhost", () => {
    expect(composeText).not.toContain("localhost");
  });

  describe.each(servers)("%s", (name, service) => {
    const extension = service["x-mybroker"];
    const [image = "", ...hostPorts] = expected[name] ?? [""];

    it("pins a patch version of its image and publishes its ports on 127.0.0.1 only", () => {
      expect(withDefaults(service.image)).toMatch(
        new RegExp(`^${image.replaceAll(".", "\\.")}(\\.\\d+)+(-\\w+)?$`),
      );
      const published = service.ports.map((port) => withDefaults(port).split(":"));
      expect(published.map(([address]) => address)).toEqual(hostPorts.map(() => "127.0.0.1"));
      expect(published.map(([, host]) => Number(host))).toEqual(hostPorts);
      const wanted = new Set([extension.port, extension.uiPort ?? extension.port]);
      expect(new Set(published.map(([, , target]) => Number(target)))).toEqual(wanted);
    });

    it("leaves no anonymous volume behind", () => {
      const mounted = (service.volumes ?? []).map((mount) =>
        isBind(mount) ? mount.target : mount.split(":")[1],
      );
      const temporary = (service.tmpfs ?? []).map((mount) => mount.split(":")[0]);
      for (const folder of declaredVolumes[repositoryOf(service.image)] ?? []) {
        expect([...mounted, ...temporary]).toContain(folder);
      }
    });
  });

  describe.each(domainServices)("%s", (name, service) => {
    const port = expectedServices[name];

    it("listens on one port, published on 127.0.0.1, and says there when it is ready", () => {
      expect(service.ports.map(withDefaults)).toEqual([`127.0.0.1:${port}:${port}`]);
      expect(service.environment).toMatchObject({ HOST: "0.0.0.0", PORT: port });
      expect(service["x-mybroker"]).toMatchObject({ kind: "service", port, healthUrl: "/health/ready" });
    });

    it("runs its part of the one image, which is never pulled", () => {
      expect(withDefaults(service.image)).toBe("mybroker-services");
      expect(service.pull_policy).toBe("never");
      expect(service.command).toEqual(["serve", name]);
    });

    it("may write nowhere, gain no right and starts without the others", () => {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
      });
      expect(service.volumes).toBeUndefined();
      expect(service.depends_on).toBeUndefined();
    });
  });

  it("builds the image of the services in one place, on a pinned Node", () => {
    const [builder, ...others] = services.filter(([, { build }]) => build !== undefined);
    expect(others).toEqual([]);
    expect(builder?.[1].build?.context).toBe("./dist/services");
    const node = withDefaults(builder?.[1].build?.args.NODE_IMAGE ?? "");
    expect(node).toMatch(/^node:\d+\.\d+\.\d+-slim$/);
  });

  describe.each(services)("%s", (_name, service) => {
    const extension = service["x-mybroker"];

    it("tells what the command has to know", () => {
      expect(validate(extension), JSON.stringify(validate.errors)).toBe(true);
    });

    it("checks itself often at first and rarely later", () => {
      expect(service.healthcheck).toMatchObject({
        interval: "10s",
        start_interval: "1s",
        start_period: "120s",
        timeout: "5s",
      });
    });

    it("checks itself without a secret on a command line and without a heavy client", () => {
      const test = service.healthcheck.test.join(" ");
      expect(test).not.toMatch(/(PASS|PASSWORD|AUTH)\b[^"]*:[?]/);
      expect(test).not.toMatch(/kafka-\w+\.sh|rabbitmq(ctl|-diagnostics)|mongosh?\b|mysqladmin|node |java /);
      if (test.includes("MYSQL_PASSWORD")) expect(test).toContain('MYSQL_PWD="$$MYSQL_PASSWORD"');
    });

    it("passes no secret as an argument of its command", () => {
      expect((service.command ?? []).join(" ")).not.toMatch(/\$\{?\w*(PASS|SECRET|AUTH)/);
    });

    it("has a limit for its memory and comes back after the engine restarts", () => {
      expect(service.mem_limit).toMatch(/^\d+m$/);
      expect(service.restart).toBe("unless-stopped");
    });

    it("mounts tracked files only, as they stand", () => {
      for (const mount of (service.volumes ?? []).filter(isBind)) {
        expect(mount).toMatchObject({
          type: "bind",
          read_only: true,
          bind: { create_host_path: false, selinux: "z" },
        });
        expect(mount.source).toMatch(/^\.\/templates\//);
        expect(statSync(resolve(root, mount.source)).isDirectory()).toBe(true);
      }
    });

    it("does not hand the whole of .env to a container", () => {
      expect(service.env_file).toBeUndefined();
    });
  });

  it("uses each named volume exactly once", () => {
    const used = services.flatMap(([, { volumes = [] }]) =>
      volumes.filter((mount) => !isBind(mount)).map((mount) => String(mount).split(":")[0]),
    );
    expect(used.sort()).toEqual(Object.keys(stack.volumes).sort());
  });

  it("uses each inline file", () => {
    const used = services.flatMap(([, { configs = [] }]) => configs.map(({ source }) => source));
    expect(used.sort()).toEqual(Object.keys(stack.configs).sort());
  });

  it("fixes the host names that data depends on", () => {
    expect(stack.services.kafka?.hostname).toBe("kafka");
    expect(stack.services.rabbitmq?.hostname).toBe("rabbitmq");
  });

  it("declares the ceilings at idle that the engine test measures", () => {
    const reservation = (service: string) => stack.services[service]?.mem_reservation;
    expect(reservation("broker-order-db")).toBe("230m");
    expect(reservation("kafka")).toBe("400m");
    expect(reservation("rabbitmq")).toBe("200m");
    expect(reservation("b3-core-db")).toBe("60m");
    expect(reservation("b3-market-cache")).toBe("10m");
    expect(reservation("prometheus")).toBe("60m");
  });
});
