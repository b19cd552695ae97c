import { dirname, join, resolve } from "node:path";
import { parseEnvFile } from "../env/parse-env-file.js";
import { findComposeFiles } from "./load-files.js";
import type { LoadRequest } from "./load-request.js";
import { isFile, loadText, showPath } from "./load-text.js";

/** Where the project is and what its variables are. */
export interface ProjectSources {
  readonly files: readonly string[];
  readonly workingDir: string;
  readonly envFiles: readonly string[];
  readonly envFilesGiven: boolean;
  /** The process environment over what the .env files say. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Finds compose and .env files in the order of docker compose: the .env of the folder one stands in may say where the
 * compose files are (COMPOSE_FILE), and the .env beside them is read after that. The process environment wins.
 */
export async function loadEnvironment(request: LoadRequest): Promise<ProjectSources> {
  const reader = new EnvironmentReader(request);
  const start =
    request.projectDirectory ?? (request.files[0] === undefined ? "." : dirname(request.files[0]));
  const given = givenEnvFiles(request);
  await reader.read(given ?? (await defaultEnvFile(request, resolve(request.cwd, start))));
  const files = await findComposeFiles(request, reader.environment);
  const workingDir = resolve(request.cwd, request.projectDirectory ?? dirname(files[0] ?? "."));
  if (given === undefined) await reader.read(await defaultEnvFile(request, workingDir));
  return {
    files,
    workingDir,
    envFiles: reader.files,
    envFilesGiven: given !== undefined,
    environment: reader.environment,
  };
}

function givenEnvFiles(request: LoadRequest): string[] | undefined {
  const fromEnvironment = request.env.COMPOSE_ENV_FILES;
  const names = request.envFiles.length > 0 ? request.envFiles : (fromEnvironment?.split(",") ?? []);
  const files = names.filter((name) => name !== "").map((name) => resolve(request.cwd, name));
  return files.length === 0 ? undefined : files;
}

async function defaultEnvFile(request: LoadRequest, folder: string): Promise<string[]> {
  if (/^(1|t|true)$/i.test(request.env.COMPOSE_DISABLE_ENV_FILE ?? "")) return [];
  const file = join(folder, ".env");
  return (await isFile(file)) ? [file] : [];
}

class EnvironmentReader {
  readonly files: string[] = [];
  readonly environment: Record<string, string>;

  constructor(private readonly request: LoadRequest) {
    const entries = Object.entries(request.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    this.environment = Object.fromEntries(entries);
  }

  /** Of files that are read together later ones win; what is known from before wins over all of them. */
  async read(files: readonly string[]): Promise<void> {
    let values: ReadonlyMap<string, string> = new Map();
    for (const file of files) {
      if (this.files.includes(file)) continue;
      values = await this.parse(file, values);
      this.files.push(file);
    }
    for (const [name, value] of values)
      if (!Object.hasOwn(this.environment, name)) this.environment[name] = value;
  }

  private async parse(file: string, earlier: ReadonlyMap<string, string>): Promise<Map<string, string>> {
    const text = await loadText(file, { cwd: this.request.cwd, code: "env", wanted: ".env file" });
    const { warn } = this.request;
    return parseEnvFile(text, {
      file: showPath(file, this.request.cwd),
      lookup: (name) => this.environment[name],
      earlier,
      ...(warn === undefined ? {} : { warn }),
    });
  }
}
