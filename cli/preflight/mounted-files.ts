import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import type { Project } from "../compose/model.js";
import { type ContainerUser, mayUse } from "./container-user.js";

/** Something of the project's folder that a container mounts and cannot use. */
export interface MountProblem {
  readonly service: string;
  /** Absolute. */
  readonly path: string;
  readonly problem: "missing" | "unreadable";
  /** Permission bits as chmod takes them, "600"; absent where the path is missing. */
  readonly mode?: string;
}

export interface MountQuestion {
  readonly project: Pick<Project, "workingDir" | "configs" | "services">;
  readonly services: readonly string[];
  /** Who the container's program runs as. */
  userOf(service: string): ContainerUser;
}

interface MountedSource {
  readonly service: string;
  readonly path: string;
  readonly mustExist: boolean;
  readonly contents: boolean;
}

/** A folder of settings is small; one that is not is somebody's data and not looked through. */
const mostEntries = 1_000;

/**
 * What these services mount from the project's folder and will not find or may not read there. A path is mounted
 * by itself, so the folders above it need not be open to the container; what a folder holds is looked at where it
 * is mounted read-only, which says that it is there to be read. In a writable one (a source tree) and in the clone
 * itself closed files like .env are normal.
 */
export async function findMountProblems(question: MountQuestion): Promise<MountProblem[]> {
  const sources = question.services.flatMap((service) => mountedSources(question.project, service));
  const found = await Promise.all(
    sources.map((source) => inspectSource(source, question.userOf(source.service))),
  );
  return found.flat();
}

function mountedSources(
  { services, configs, workingDir }: MountQuestion["project"],
  service: string,
): MountedSource[] {
  const definition = services[service];
  const binds = (definition?.volumes ?? []).flatMap((mount): MountedSource[] => {
    if (mount.type !== "bind" || mount.source === undefined) return [];
    const mustExist = mount.bind !== undefined && mount.bind.create_host_path !== true;
    const contents = mount.read_only === true && mount.source !== workingDir;
    return [{ service, path: mount.source, mustExist, contents }];
  });
  const files = (definition?.configs ?? []).flatMap(({ source }): MountedSource[] => {
    const path = configs[source]?.file;
    return path === undefined ? [] : [{ service, path, mustExist: true, contents: true }];
  });
  return [...binds, ...files].filter(({ path }) => isInside(workingDir, path));
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith("../") && !isAbsolute(way);
}

async function inspectSource(source: MountedSource, user: ContainerUser): Promise<MountProblem[]> {
  const { service, path, mustExist, contents } = source;
  const status = await statPath(path);
  if (status === undefined) return mustExist ? [{ service, path, problem: "missing" }] : [];
  if (user.kind === "root") return [];
  const problems: MountProblem[] = [];
  let left = mostEntries;
  const visit = async (place: string, found: Stats): Promise<void> => {
    left -= 1;
    if (!mayUse(user, found)) {
      const mode = (found.mode & 0o777).toString(8).padStart(3, "0");
      problems.push({ service, path: place, problem: "unreadable", mode });
    }
    if (!found.isDirectory() || !contents) return;
    for (const name of await listFolder(place)) {
      const entry = left > 0 ? await statPath(join(place, name)) : undefined;
      if (entry !== undefined) await visit(join(place, name), entry);
    }
  };
  await visit(path, status);
  return problems;
}

/** A dangling link, or what this user may not look at, is not judged. */
function statPath(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

function listFolder(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}
