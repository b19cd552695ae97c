import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ofProject } from "../../compose/label-names.js";
import { loadProject } from "../../compose/load-project.js";
import type { Project } from "../../compose/model.js";
import type { Engine } from "../../engine/engine.js";
import { executePlan } from "../../engine/execute.js";
import { observeLabelled, observeProject } from "../../engine/observe.js";
import { connectForTests } from "../../engine/testing/connect-for-tests.js";
import type { Plan } from "../plan.js";
import type { UpOptions } from "../plan-context.js";
import { planDown } from "../plan-down.js";
import { planUp } from "../plan-up.js";

/** A project in a folder of its own, on the real engine, worked on by both tools. */
export interface EngineFixture {
  readonly name: string;
  readonly folder: string;
  readonly engine: Engine;
  write(file: string, text: string): void;
  /** The project as its files say now. */
  load(): Promise<Project>;
  plan(options?: UpOptions): Promise<Plan>;
  /** Plans and executes; throws what failed. */
  up(options?: UpOptions): Promise<Plan>;
  /** The same, but from changing call number `calls` on the process is as good as dead. */
  upUntilCall(calls: number): Promise<void>;
  /** `docker compose` on the same files: what it printed on both channels. */
  compose(...args: string[]): string;
  /** Names of what carries the project's label. */
  remains(): Promise<string[]>;
  /** Everything of the project, its data and its folder. */
  remove(): Promise<void>;
}

let count = 0;

export async function createEngineFixture(composeFile: string): Promise<EngineFixture> {
  count += 1;
  const name = `mybroker-test-${process.pid}-${count}`;
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const engine = await connectForTests();
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  write("compose.yaml", `name: ${name}\n${composeFile}`);
  const load = () => {
    const { env } = process;
    return loadProject({ cwd: folder, homeDir: folder, env, files: [], envFiles: [], profiles: [] });
  };
  const plan = async (options: UpOptions = {}) => {
    const project = await load();
    return planUp(project, await observeProject(engine, project), options);
  };
  return {
    name,
    folder,
    engine,
    write,
    load,
    plan,
    up: async (options) => {
      const made = await plan(options);
      const { failure } = await executePlan(made, { engine });
      if (failure) throw failure.error;
      return made;
    },
    upUntilCall: async (calls) => {
      await executePlan(await plan(), { engine: dyingEngine(engine, calls) });
    },
    compose: (...args) => runCompose(folder, args),
    remains: async () => {
      const label = ofProject(name);
      const found = await Promise.all([
        engine.listContainers({ labels: [label] }),
        engine.listNetworks([label]),
        engine.listVolumes([label]),
      ]);
      return found.flat().map((thing) => thing.name);
    },
    remove: async () => {
      const built = await engine.listImages([ofProject(name)]);
      const images = built.flatMap((image) => image.tags);
      const observed = await observeLabelled(engine, name);
      const everything = planDown(observed, { volumes: true, images, timeoutSeconds: 0 });
      await executePlan(everything, { engine });
      rmSync(folder, { recursive: true });
      engine.close();
    },
  };
}

const changing = /^(create|start|stop|restart|remove|rename|put)/;

function dyingEngine(engine: Engine, calls: number): Engine {
  let left = calls;
  return new Proxy(engine, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (changing.test(String(property))) left -= 1;
        return left < 0 ? Promise.reject(new Error("killed")) : value.apply(target, args);
      };
    },
  });
}

/** `docker compose` where the plugin is installed, else the same program under its own name. */
function runCompose(cwd: string, args: readonly string[]): string {
  const isPlugin = spawnSync("docker", ["compose", "version"]).status === 0;
  const [program, ...prefix] = isPlugin ? ["docker", "compose"] : ["docker-compose"];
  const { status, stdout, stderr } = spawnSync(program ?? "", [...prefix, ...args], {
    cwd,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`docker compose ${args.join(" ")} exited with ${status}: ${stderr}`);
  return stdout + stderr;
}

/** Makes sure that the tests' images are on the engine, whoever pulled them. */
export function pullImages(...references: string[]): void {
  for (const reference of references) execFileSync("docker", ["pull", "-q", reference]);
}
