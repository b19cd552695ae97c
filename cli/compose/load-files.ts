import { dirname, join, resolve } from "node:path";
import { composeError } from "./compose-error.js";
import type { LoadRequest } from "./load-request.js";
import { isFile, loadText, showPath } from "./load-text.js";
import { readYaml, type SourceFile } from "./read-yaml.js";
import type { SourceDocument } from "./source-tree.js";

/** Names of compose files in the order in which they are looked for; the first one found is taken. */
export const composeFileNames = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const overrideNames = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];

/** Absolute paths, in order of merging: -f, then COMPOSE_FILE, then the default names here and in the folders above. */
export async function findComposeFiles(
  request: LoadRequest,
  environment: Readonly<Record<string, string>>,
): Promise<string[]> {
  const named = request.files.length > 0 ? request.files : splitComposeFile(environment);
  if (named.length > 0) return named.map((name) => resolveNamed(name, request.cwd));
  const start = resolve(request.cwd, request.projectDirectory ?? ".");
  for (let folder = start; ; folder = dirname(folder)) {
    const found = await findIn(folder, composeFileNames, request);
    if (found !== undefined) {
      const override = await findIn(folder, overrideNames, request);
      return override === undefined ? [found] : [found, override];
    }
    if (dirname(folder) === folder) break;
  }
  throw composeError({
    code: "no-file",
    message: `no compose file in ${start} nor in any folder above it`,
    hint: "Go to the project's folder, name the file with -f, or make one here:  {mybroker} init",
    details: { folder: start, names: composeFileNames },
  });
}

function splitComposeFile(environment: Readonly<Record<string, string>>): string[] {
  const value = environment.COMPOSE_FILE;
  if (value === undefined || value === "") return [];
  return value.split(environment.COMPOSE_PATH_SEPARATOR || ":");
}

function resolveNamed(name: string, cwd: string): string {
  if (name !== "-") return resolve(cwd, name);
  throw composeError({
    code: "stdin",
    message: "a compose file cannot be read from standard input (-f -)",
    hint: "Write it to a file and name that with -f",
  });
}

async function findIn(
  folder: string,
  names: readonly string[],
  request: LoadRequest,
): Promise<string | undefined> {
  const candidates = names.map((name) => join(folder, name));
  const checks = await Promise.all(candidates.map(isFile));
  const found = candidates.filter((_, index) => checks[index] === true);
  const [first, ...rest] = found.map((file) => showPath(file, request.cwd));
  if (rest.length > 0) request.warn?.(`Several compose files: ${first} is taken, ${rest.join(", ")} not`);
  return found[0];
}

/**
 * What was parsed last of each file: a command may read its files several times, and each takes a tenth of a second.
 */
const parsed = new Map<string, { readonly text: string; readonly documents: SourceDocument[] }>();

function parse(text: string, source: SourceFile): SourceDocument[] {
  const key = `${source.file}\n${source.shownFile}`;
  const known = parsed.get(key);
  if (known?.text === text) return known.documents;
  const documents = readYaml(text, source);
  parsed.set(key, { text, documents });
  return documents;
}

/** The YAML documents of all files, in order of merging. */
export async function loadDocuments(files: readonly string[], cwd: string): Promise<SourceDocument[]> {
  const loaded = await Promise.all(
    files.map(async (file) => {
      const text = await loadText(file, { cwd, code: "compose", wanted: "compose file" });
      return parse(text, { file, shownFile: showPath(file, cwd) });
    }),
  );
  const documents = loaded.flat();
  if (documents.length > 0) return documents;
  const shown = files.map((file) => showPath(file, cwd)).join(", ");
  throw composeError({
    code: "empty",
    message: `the compose file ${shown} is empty`,
    hint: "It needs at least a service:  services: { web: { image: nginx } }",
  });
}
