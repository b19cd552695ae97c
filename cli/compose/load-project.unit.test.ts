import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hashServices } from "./hash.js";
import { loadProject } from "./load-project.js";
import type { LoadRequest } from "./load-request.js";
import type { Project } from "./model.js";
import { renderProject } from "./render-project.js";

const fixtures = join(import.meta.dirname, "fixtures/accepted");

interface Settings {
  readonly cwd?: string;
  readonly files?: readonly string[];
  readonly envFiles?: readonly string[];
  readonly profiles?: readonly string[];
  readonly name?: string;
  readonly projectDirectory?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function requestFor(folder: string, settings: Settings): LoadRequest {
  return {
    cwd: join(folder, settings.cwd ?? "."),
    homeDir: "/home/user",
    env: { HOME: "/home/user", ...settings.env },
    files: settings.files ?? [],
    envFiles: settings.envFiles ?? [],
    profiles: settings.profiles ?? [],
    ...(settings.name === undefined ? {} : { projectName: settings.name }),
    ...(settings.projectDirectory === undefined ? {} : { projectDirectory: settings.projectDirectory }),
  };
}

/** Loads the text of a compose file, every profile on and no variable set. */
async function loadText(text: string): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), "mybroker-printed-"));
  try {
    writeFileSync(join(folder, "compose.yaml"), text);
    return await loadProject({ ...requestFor(folder, { profiles: ["*"] }), env: {} });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The part of a project that `docker compose config` prints, paths of the fixture made the golden file's. */
function printAsConfig(project: Project, folder: string): unknown {
  const services = Object.entries(project.services).map(([name, service]) => {
    return [
      name,
      Object.fromEntries(Object.entries(service).filter(([key]) => !key.startsWith("x-"))),
    ] as const;
  });
  const sections = {
    networks: project.networks,
    volumes: project.volumes,
    configs: project.configs,
    secrets: project.secrets,
  };
  const used = Object.entries(sections).filter(([, section]) => Object.keys(section).length > 0);
  const whole = {
    name: project.name,
    services: Object.fromEntries(services),
    ...Object.fromEntries(used),
    ...project.extensions,
  };
  return JSON.parse(JSON.stringify(whole).replaceAll(folder, "/project"));
}

describe("a project is resolved as docker compose 2.40.3 resolves it", () => {
  for (const name of readdirSync(fixtures)) {
    const folder = join(fixtures, name);
    const settingsFile = join(folder, "arguments.json");
    const settings: Settings = existsSync(settingsFile) ? JSON.parse(readFileSync(settingsFile, "utf8")) : {};
    const golden = JSON.parse(readFileSync(join(folder, "golden.json"), "utf8"));

    it(`${name}: the model`, async () => {
      const project = await loadProject(requestFor(folder, settings));
      expect(printAsConfig(project, folder)).toEqual(golden.config);
    });

    // Names an optional service whose profile is off: neither Compose nor we print that service.
    if (name !== "dependencies")
      it(`${name}: printed and read again it is the same`, async () => {
        const project = await loadProject(requestFor(folder, settings));
        const again = await loadText(renderProject(project).join("\n"));
        const whole = ({ services, networks, volumes, configs, secrets }: Project) => {
          return { services, networks, volumes, configs, secrets };
        };
        expect(whole(again)).toEqual(whole(project));
      });

    if (golden.hashes === undefined) continue;
    it(`${name}: the config hashes`, async () => {
      const project = await loadProject(requestFor(folder, settings));
      expect(hashServices(project)).toEqual(golden.hashes);
    });
  }
});
