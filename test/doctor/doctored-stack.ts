import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { type ContainerProject, createContainerProject } from "../replace/container-project.js";
import { validateOutput } from "../support/validate-output.js";

export interface FoundProblem {
  readonly id: string;
  readonly subject: string;
  readonly level: "warning" | "error" | "unknown";
  readonly message: string;
  readonly fix: string;
}

interface DoctorDocument {
  readonly data: {
    readonly elapsedMs: number;
    readonly checks: readonly { readonly findings: readonly (FoundProblem & { readonly level: string })[] }[];
  };
}

/** The whole shipped stack, to be broken and mended. */
export interface DoctoredStack extends ContainerProject {
  /** What is not well, by the built CLI; `tookMs` as it says itself. */
  doctor(...args: string[]): Promise<{ problems: FoundProblem[]; tookMs: number; stdout: string }>;
  /** Types a fix line into a shell of the project's folder; the one question of --fix is answered. */
  type(line: string): Promise<{ exitCode: number | undefined; all: string }>;
  read(file: string): string;
  write(file: string, text: string): void;
  /** A value of .env. */
  value(key: string): string;
  /** Containers that `docker compose ps` does not call healthy, or running where they have no healthcheck. */
  unhealthy(): Promise<string[]>;
  /** RabbitMQ's management page. */
  page(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Everything as it was when it had just started, with new volumes. */
  remake(): Promise<void>;
}

/** What a sabotage, or a fix line, may write to. */
const sabotaged = [".env", "docker-compose.yml", "templates/prometheus/targets/broker-report.json"];

/** @param added a compose file beside the shipped one */
export async function startDoctoredStack(
  name: string,
  added: { readonly file: string; readonly text: string },
): Promise<DoctoredStack> {
  const project = await createContainerProject(name);
  const read = (file: string) => readFileSync(join(project.folder, file), "utf8");
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(read(".env"))?.[1] ?? "";
  // On a machine that is very busy a server may take longer than its healthcheck waits: then its line says `up` again.
  const up = async (attempts = 3): Promise<void> => {
    const { exitCode, stdout, stderr } = await project.run("up");
    if (exitCode === 0) return;
    if (attempts === 1) throw new Error(stdout + stderr);
    await up(attempts - 1);
  };
  const write = (file: string, text: string) => writeFileSync(join(project.folder, file), text);
  const original = new Map<string, string>();
  const stack: DoctoredStack = {
    ...project,
    read,
    value,
    write,
    doctor: async (...args) => {
      const { stdout, stderr } = await project.run("doctor", ...args, "-o", "json");
      if (stdout === "" || stderr !== "") throw new Error(stderr);
      const document = JSON.parse(stdout) as DoctorDocument;
      validateOutput(document as { schema?: string });
      const found = document.data.checks.flatMap(({ findings }) => findings);
      return {
        stdout,
        tookMs: document.data.elapsedMs,
        problems: found.filter(({ level }) => (level as string) !== "ok"),
      };
    },
    type: async (line) => {
      const answered = line.replaceAll(" doctor --fix", " --yes doctor --fix");
      const { exitCode, all } = await execa("sh", ["-c", answered], {
        cwd: project.folder,
        env: project.env,
        extendEnv: false,
        reject: false,
        all: true,
      });
      return { exitCode, all };
    },
    unhealthy: async () => {
      const { stdout } = await project.compose(
        ...["--profile", "*", "ps", "--all", "--format", "{{.Name}} {{.Status}}"],
      );
      return stdout.split("\n").filter((line) => !/ Up (?!.*\((unhealthy|health: starting)\))/.test(line));
    },
    page: async (method, path, body) => {
      const login = `${value("RABBITMQ_USER") || "mybroker"}:${value("RABBITMQ_PASSWORD")}`;
      const answer = await fetch(`http://127.0.0.1:${value("RABBITMQ_UI_HOST_PORT")}${path}`, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(login).toString("base64")}`,
          "content-type": "application/json",
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
      return answer.text();
    },
    remake: async () => {
      await project.run("down", "--volumes", "--remove-orphans", "-y");
      for (const [file, text] of original) write(file, text);
      await up();
    },
  };
  write(added.file, added.text);
  try {
    await up();
  } catch (error) {
    await project.remove();
    throw error;
  }
  for (const file of sabotaged) original.set(file, read(file));
  return stack;
}
