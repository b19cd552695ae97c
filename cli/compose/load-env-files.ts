import { parseEnvFile } from "../env/parse-env-file.js";
import { composeError } from "./compose-error.js";
import type { FindPlace } from "./graph.js";
import { isFile, loadText, showPath } from "./load-text.js";
import type { Service } from "./model.js";
import { type PathBase, resolvePath } from "./resolve-paths.js";

interface EnvFileReference {
  readonly path: string;
  readonly required: boolean;
  readonly format?: string;
}

export interface EnvFilesContext extends PathBase {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly findPlace: FindPlace;
  /** Go on without a file that is not there. */
  readonly tolerant: boolean;
}

/**
 * Takes the variables of a service's env_file into its environment and drops the key, as `docker compose up` does:
 * later files win over earlier ones, `environment` wins over all of them.
 */
export async function loadEnvFiles(
  name: string,
  service: Service,
  context: EnvFilesContext,
): Promise<Service> {
  const { env_file: references, ...rest } = service;
  if (references === undefined) return service;
  const own = rest.environment ?? {};
  let values: ReadonlyMap<string, string> = new Map(
    Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== null),
  );
  for (const [index, reference] of (references as EnvFileReference[]).entries()) {
    const file = resolvePath(reference.path, context);
    if (!(await isFile(file)) && (!reference.required || context.tolerant)) continue;
    const path = `services.${name}.env_file[${index}]`;
    values = await loadEnvFile(file, { path, reference, context, values, own });
  }
  const environment = { ...Object.fromEntries(values), ...own };
  return { ...rest, ...(Object.keys(environment).length === 0 ? {} : { environment }) };
}

async function loadEnvFile(
  file: string,
  at: {
    path: string;
    reference: EnvFileReference;
    context: EnvFilesContext;
    values: ReadonlyMap<string, string>;
    own: Readonly<Record<string, string | null>>;
  },
): Promise<ReadonlyMap<string, string>> {
  const { path, context, values, own } = at;
  const shown = showPath(file, context.cwd);
  if (!(await isFile(file))) {
    const place = context.findPlace(path);
    const message = `${path}: the file ${shown} does not exist`;
    throw composeError({
      code: "missing-env-file",
      message,
      place,
      path,
      hint: "Make it, or say that it may be absent:  env_file: [{ path: …, required: false }]",
      details: { envFile: file },
    });
  }
  const text = await loadText(file, { cwd: context.cwd, code: "env", wanted: "env file" });
  const lookup = (name: string) => context.environment[name] ?? own[name] ?? undefined;
  if (at.reference.format === "raw") return new Map([...values, ...parseRawEnvFile(text, lookup)]);
  return parseEnvFile(text, { file: shown, lookup, earlier: values });
}

/** format: raw: NAME=value to the end of the line, nothing in it interpreted; # only where a line begins. */
function parseRawEnvFile(text: string, lookup: (name: string) => string | undefined): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    const statement = line.trimStart();
    if (statement === "" || statement.startsWith("#")) continue;
    const at = statement.indexOf("=");
    const name = at < 0 ? statement : statement.slice(0, at);
    const value = at < 0 ? lookup(name) : statement.slice(at + 1);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}
