import { describe, expect, it } from "vitest";
import type { Service } from "../compose/model.js";
import type { Engine } from "../engine/engine.js";
import type { RegistryAnswer } from "../engine/images.js";
import { MybrokerError } from "../errors/mybroker-error.js";
import { checkMissingImages } from "./images.js";
import { forecastMemory } from "./memory.js";
import { checkOwnership } from "./ownership.js";

const service = (kind: "mysql" | "redis", limit?: string): Service => ({
  command: null,
  entrypoint: null,
  "x-mybroker": { kind, port: 1 },
  ...(limit === undefined ? {} : { mem_limit: limit }),
});

describe("forecastMemory", () => {
  it("is silent where the engine has room and speaks where it has not", () => {
    const databases = [service("mysql"), service("mysql"), service("mysql"), service("mysql")];
    expect(forecastMemory(databases, 4 * 1024 ** 3)).toBeUndefined();
    expect(forecastMemory(databases, 1024 ** 3)).toContain("4 containers need about 920 MiB");
  });

  it("counts a lower limit in place of what is typical", () => {
    expect(forecastMemory([service("mysql", String(100 * 1024 ** 2))], 120 * 1024 ** 2)).toBeUndefined();
  });
});

describe("checkOwnership", () => {
  const container = (folder: string) => ({ labels: { "com.docker.compose.project.working_dir": folder } });

  it("accepts its own folder and refuses another's by name", () => {
    checkOwnership({ name: "mybroker", workingDir: "/a" }, [container("/a")]);
    expect(() => checkOwnership({ name: "mybroker", workingDir: "/a" }, [container("/b")])).toThrow(
      "A project named mybroker runs already, from /b",
    );
  });
});

describe("checkMissingImages", () => {
  const engineAnswering = (answers: Record<string, RegistryAnswer>): Engine =>
    ({ probeRegistry: async (image: string) => answers[image] }) as unknown as Engine;

  it("passes when the registry has them, and asks nobody when none is missing", async () => {
    await checkMissingImages(engineAnswering({ a: { kind: "present" } }), ["a"]);
    await checkMissingImages({} as Engine, []);
  });

  it("names every image that cannot be had and why", async () => {
    const engine = engineAnswering({
      a: { kind: "missing" },
      b: { kind: "unreachable", reason: "no route to host" },
      c: { kind: "present" },
    });
    const error = await checkMissingImages(engine, ["a", "b", "c"]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MybrokerError);
    expect((error as MybrokerError).lines).toEqual([
      "a: its registry has no such image or tag",
      "b: its registry does not answer (no route to host)",
    ]);
    expect((error as MybrokerError).exitCode).toBe(3);
  });
});
