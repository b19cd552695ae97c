import { execa } from "execa";
import { vi } from "vitest";
import type { ComposeStack } from "../../support/compose-stack.js";

/** What happens to containers of a stack, by service names. */
export interface Containers {
  /** How many of them had each of these done to them until now, by docker's name for it. */
  countHit(act: "kill" | "stop" | "pause" | "restart" | "rm"): number;
  /** SIGKILL, at once; they stay down. */
  kill(...services: string[]): Promise<void>;
  /** Asked to end; they stay down. */
  stop(...services: string[]): Promise<void>;
  /** Frozen: connections stay open and nobody answers. */
  pause(...services: string[]): Promise<void>;
  unpause(...services: string[]): Promise<void>;
  restart(service: string): Promise<void>;
  remove(service: string): Promise<void>;
  /** Started, and healthy by their own checks. */
  start(...services: string[]): Promise<void>;
  waitUntilHealthy(...services: string[]): Promise<void>;
  /** The end of what they wrote, for a failure's message. */
  readLogs(services: readonly string[]): Promise<string>;
}

const healthyWithinMs = 120_000;

export function createContainers(stack: ComposeStack): Containers {
  const namesOf = (services: readonly string[]) => services.map((service) => `${stack.project}-${service}-1`);
  const hit = new Map<string, Set<string>>();
  const docker = (act: string, ...options: string[]) => {
    const services = new Set<string>();
    hit.set(act, services);
    return async (...some: string[]) => {
      await execa("docker", [act, ...options, ...namesOf(some)]);
      for (const service of some) services.add(service);
    };
  };
  const start = docker("start");
  const waitUntilHealthy = async (...services: string[]) => {
    for (const service of services) {
      const isHealthy = async () => (await stack.container(service)).State.Health?.Status === "healthy";
      await vi.waitUntil(isHealthy, { timeout: healthyWithinMs, interval: 250 }).catch(async () => {
        const { Status, Health } = (await stack.container(service)).State;
        throw new Error(`${service} is ${Status}, ${Health?.Status} after ${healthyWithinMs / 1_000} s`);
      });
    }
  };
  return {
    countHit: (act) => hit.get(act)?.size ?? 0,
    kill: docker("kill"),
    stop: docker("stop"),
    pause: docker("pause"),
    unpause: docker("unpause"),
    restart: docker("restart"),
    remove: docker("rm", "--force"),
    start: async (...services) => {
      await start(...services);
      await waitUntilHealthy(...services);
    },
    waitUntilHealthy,
    readLogs: async (services) => {
      const texts = services.map(async (service) => {
        const [name = ""] = namesOf([service]);
        const { all } = await execa("docker", ["logs", "--tail", "20", name], { all: true, reject: false });
        return `--- ${service}\n${all}`;
      });
      return (await Promise.all(texts)).join("\n");
    },
  };
}
