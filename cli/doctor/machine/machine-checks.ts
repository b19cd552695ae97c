import { type Check, type DoctorFacts, type Finding, fine } from "../check.js";
import { checkClocks } from "./check-clocks.js";
import { checkComposeVersion } from "./check-compose.js";
import { checkDiskSpace } from "./check-disk.js";
import { checkMemory } from "./check-memory.js";
import { judgeNodeVersion } from "./judge-node.js";

/** What the system stands on. */
export const machineChecks: readonly Check[] = [
  {
    id: "machine.engine",
    title: "the Docker engine answers",
    finds: ["machine.engine-unreachable"],
    run: async ({ ground }) => judgeEngine(ground),
  },
  {
    id: "machine.compose",
    title: "Docker Compose, where it is installed, understands the compose file",
    finds: ["machine.compose-old"],
    run: checkComposeVersion,
  },
  {
    id: "machine.node",
    title: "Node.js is new enough",
    finds: ["machine.node-old"],
    run: async () => [judgeNodeVersion(process.versions.node)],
  },
  {
    id: "machine.memory",
    title: "the engine has the memory that the containers ask for",
    finds: ["machine.memory-short"],
    run: checkMemory,
  },
  {
    id: "machine.disk",
    title: "there is room where the project, its state and Docker's data lie",
    finds: ["machine.disk-low", "machine.disk-full"],
    run: checkDiskSpace,
  },
  {
    id: "machine.clock",
    title: "engine and containers have this machine's time",
    finds: ["machine.clock-skew"],
    run: checkClocks,
  },
];

function judgeEngine(ground: DoctorFacts["ground"]): Finding[] {
  const id = "machine.engine-unreachable";
  if (ground.runtime === "embedded") return [];
  if (ground.runtime === "docker") {
    const { facts, endpoint } = ground.engine;
    return [
      fine(id, endpoint.url, `Docker ${facts.version}, API ${facts.apiVersion}, by ${endpoint.source}`),
    ];
  }
  const { message: cause, hint } = ground.failure;
  const message = hint === undefined ? cause : `${cause}; ${hint}`;
  return [{ id, subject: "engine", level: "error", message, fix: "docker version" }];
}
