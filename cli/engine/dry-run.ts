import type { Engine } from "./engine.js";

/** A call that would have changed something. */
export interface RecordedCall {
  readonly call: string;
  /** Names and ids only; never a payload, which may hold secrets. */
  readonly target: string;
}

const changingCalls = [
  "createContainer",
  "startContainer",
  "stopContainer",
  "restartContainer",
  "unpauseContainer",
  "removeContainer",
  "renameContainer",
  "putArchive",
  "exec",
  "pullImage",
  "buildImage",
  "removeImage",
  "createNetwork",
  "removeNetwork",
  "connectNetwork",
  "createVolume",
  "removeVolume",
] as const satisfies readonly (keyof Engine)[];

type ChangingCall = (typeof changingCalls)[number];

/** The engine with every reading call as it is, and every changing one only written down and answered. */
export function createDryRunEngine(engine: Engine): { engine: Engine; calls: RecordedCall[] } {
  const calls: RecordedCall[] = [];
  const changing = new Set<string>(changingCalls);
  const dry = new Proxy(engine, {
    get(target, property) {
      if (changing.has(String(property))) {
        return (first: unknown) => {
          calls.push({ call: String(property), target: nameOf(first) });
          return answer(property as ChangingCall, calls.length);
        };
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { engine: dry, calls };
}

function nameOf(argument: unknown): string {
  if (typeof argument === "string") return argument;
  const { Name, tag } = (argument ?? {}) as { Name?: string; tag?: string };
  return Name ?? tag ?? "";
}

function answer(call: ChangingCall, count: number): unknown {
  switch (call) {
    case "createContainer":
      return Promise.resolve({ id: `dry-run-${count}`, warnings: [] });
    case "createNetwork":
      return Promise.resolve({ id: `dry-run-${count}` });
    case "pullImage":
    case "buildImage":
      return (async function* nothing() {})();
    case "exec":
      return Promise.reject(new Error("a dry run executes nothing in containers"));
    default:
      return Promise.resolve();
  }
}
