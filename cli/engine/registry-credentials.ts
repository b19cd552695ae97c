import { join } from "node:path";
import { type DiscoverInput, dockerConfigDir } from "./discover.js";
import { parseImageReference } from "./image-reference.js";

/** What the engine is given to log in at a registry. Never printed. */
export interface Credentials {
  /** Value of X-Registry-Auth; undefined: anonymous. */
  readonly header?: string;
  /** Why there are none although some were configured; said only when the registry then refuses. */
  readonly problem?: string;
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

interface AuthEntry {
  readonly auth?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
  readonly username?: string;
  readonly password?: string;
}

/** Docker Hub is filed under this key, in config.json and in the helpers. */
const hubKey = "https://index.docker.io/v1/";
const helperTimeoutMs = 10_000;

/** The credentials that `docker login` left for the registry of the image. */
export async function findCredentials(
  reference: string,
  input: Pick<DiscoverInput, "env" | "homeDir" | "files">,
): Promise<Credentials> {
  const { registry } = parseImageReference(reference);
  const key = registry === "docker.io" ? hubKey : registry;
  const path = join(dockerConfigDir(input), "config.json");
  let config: DockerConfig;
  try {
    config = (JSON.parse(input.files.readText(path) ?? "{}") ?? {}) as DockerConfig;
  } catch {
    return { problem: `${path} cannot be read` };
  }
  const helper = config.credHelpers?.[registry] ?? config.credHelpers?.[key] ?? config.credsStore;
  return helper ? await askHelper(helper, key, input.env) : fromFile(config.auths ?? {}, key);
}

function fromFile(auths: Readonly<Record<string, AuthEntry>>, key: string): Credentials {
  const found = auths[key] ?? Object.entries(auths).find(([name]) => hostOf(name) === hostOf(key))?.[1];
  if (!found) return {};
  if (found.identitytoken) return header({ identitytoken: found.identitytoken, serveraddress: key });
  if (found.registrytoken) return header({ registrytoken: found.registrytoken, serveraddress: key });
  const [username = "", ...rest] = Buffer.from(found.auth ?? "", "base64")
    .toString("utf8")
    .split(":");
  const name = found.username || username;
  const password = found.password || rest.join(":").replace(/\0+$/, "");
  return name && password ? header({ username: name, password, serveraddress: key }) : {};
}

async function askHelper(
  helper: string,
  key: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials> {
  const program = `docker-credential-${helper}`;
  const { execa } = await import("execa");
  const result = await execa(program, ["get"], {
    input: key,
    reject: false,
    timeout: helperTimeoutMs,
    env,
    extendEnv: false,
  });
  if (result.failed) {
    // The helpers' own words for "nothing stored": then the registry is simply asked without a login.
    const unknown = /credentials not found/i.test(`${result.stdout}${result.stderr}`);
    return unknown ? {} : { problem: `${program} ${result.timedOut ? "does not answer" : "failed"}` };
  }
  try {
    const { Username, Secret } = JSON.parse(result.stdout) as { Username?: string; Secret?: string };
    if (!Secret) return {};
    return Username === "<token>"
      ? header({ identitytoken: Secret, serveraddress: key })
      : header({ username: Username ?? "", password: Secret, serveraddress: key });
  } catch {
    return { problem: `${program} answered with something else than JSON` };
  }
}

function header(auth: Readonly<Record<string, string>>): Credentials {
  // base64url with its padding, which Node's "base64url" leaves out and the engine's decoder wants.
  const encoded = Buffer.from(JSON.stringify(auth)).toString("base64");
  return { header: encoded.replace(/\+/g, "-").replace(/\//g, "_") };
}

function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, "").split("/")[0] ?? key;
}
