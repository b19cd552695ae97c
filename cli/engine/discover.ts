import { createHash } from "node:crypto";
import { join } from "node:path";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { FileReader } from "./file-reader.js";

/** Where an engine may be, and who said so. */
export interface EngineAddress {
  /** "unix:///path", "npipe:////./pipe/name", "tcp://host:port" or "ssh://user@host:port". */
  readonly url: string;
  readonly source: string;
  readonly tls?: TlsMaterial;
}

interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly verify: boolean;
}

export interface DiscoverInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  readonly uid: number | undefined;
  readonly platform: NodeJS.Platform;
  readonly files: FileReader;
}

/**
 * The addresses to try, best first, never empty. The order is the docker CLI's: DOCKER_HOST, DOCKER_CONTEXT,
 * currentContext of config.json, the default socket. Only where none of them says anything do the sockets of
 * the known desktop products follow, because the docker CLI itself would then find no engine.
 *
 * @throws MybrokerError engine.context-broken when a chosen context or certificate cannot be read.
 */
export function discoverEngines(input: DiscoverInput): readonly [EngineAddress, ...EngineAddress[]] {
  const host = input.env.DOCKER_HOST;
  if (host) return [addressOfHost(host, input)];
  const wanted = input.env.DOCKER_CONTEXT;
  if (wanted && wanted !== "default") return [readContext(wanted, "DOCKER_CONTEXT", input)];
  const config = wanted ? { note: "" } : readCurrentContext(input);
  if (config.name && config.name !== "default") return [readContext(config.name, "config.json", input)];
  return defaultAddresses(input, config.note);
}

/** Folder of the docker CLI's configuration. */
export function dockerConfigDir(input: Pick<DiscoverInput, "env" | "homeDir">): string {
  return input.env.DOCKER_CONFIG || join(input.homeDir, ".docker");
}

function addressOfHost(host: string, input: DiscoverInput): EngineAddress {
  const url = host.includes("://") ? host : `tcp://${host}`;
  const scheme = url.slice(0, url.indexOf("://"));
  const source = "DOCKER_HOST";
  if (!isEngineUrl(url)) {
    throw contextBroken(`DOCKER_HOST is "${host}", which is no address of an engine`, {
      hint: "export DOCKER_HOST=unix:///var/run/docker.sock, or unset DOCKER_HOST",
    });
  }
  if (scheme === "unix") return { url: url === "unix://" ? `unix://${defaultSocket}` : url, source };
  if (scheme === "npipe") return { url: url === "npipe://" ? `npipe://${defaultPipe}` : url, source };
  const { DOCKER_TLS_VERIFY, DOCKER_TLS, DOCKER_CERT_PATH } = input.env;
  if (scheme === "ssh" || !(DOCKER_TLS_VERIFY || DOCKER_TLS || scheme === "https")) return { url, source };
  const dir = DOCKER_CERT_PATH || dockerConfigDir(input);
  return { url, source, tls: readTls(dir, Boolean(DOCKER_TLS_VERIFY) || scheme === "https", input.files) };
}

function isEngineUrl(url: string): boolean {
  if (/^(unix|npipe):\/\//.test(url)) return true;
  return /^(tcp|https?|ssh):\/\//.test(url) && URL.canParse(url) && new URL(url).hostname !== "";
}

/** A config.json that cannot be used does not stop the docker CLI, so it does not stop us: it is only told. */
function readCurrentContext(input: DiscoverInput): { name?: string; note: string } {
  const path = join(dockerConfigDir(input), "config.json");
  try {
    const text = input.files.readText(path);
    if (text === undefined) return { note: "" };
    const name = (JSON.parse(text) as { currentContext?: unknown } | null)?.currentContext;
    return typeof name === "string" ? { name, note: "" } : { note: "" };
  } catch {
    return { note: `; ${path} cannot be read` };
  }
}

function readContext(name: string, chosenBy: string, input: DiscoverInput): EngineAddress {
  const contexts = join(dockerConfigDir(input), "contexts");
  const id = createHash("sha256").update(name).digest("hex");
  const path = join(contexts, "meta", id, "meta.json");
  const text = readOrBreak(path, `context "${name}" (${chosenBy})`, input.files);
  if (text === undefined) {
    throw contextBroken(`the docker context "${name}" that ${chosenBy} names does not exist`, {
      hint: "docker context ls shows those that do; docker context use default goes back",
      details: { context: name, path },
    });
  }
  const endpoint = parseEndpoint(text, `${name}: ${path}`);
  const tlsDir = join(contexts, "tls", id, "docker");
  const hasTls = ["ca.pem", "cert.pem", "key.pem"].some((file) => input.files.exists(join(tlsDir, file)));
  const address = { url: endpoint.Host, source: `context ${name}` };
  if (!hasTls && !endpoint.SkipTLSVerify) return address;
  return { ...address, tls: readTls(tlsDir, !endpoint.SkipTLSVerify, input.files) };
}

function parseEndpoint(text: string, where: string): { Host: string; SkipTLSVerify?: boolean } {
  try {
    const meta = JSON.parse(text) as {
      Endpoints?: { docker?: { Host?: unknown; SkipTLSVerify?: boolean } };
    };
    const endpoint = meta.Endpoints?.docker;
    if (typeof endpoint?.Host === "string" && isEngineUrl(endpoint.Host)) {
      return { Host: endpoint.Host, SkipTLSVerify: endpoint.SkipTLSVerify === true };
    }
  } catch {
    // Said below: a file that is no JSON and one without an endpoint need the same repair.
  }
  throw contextBroken(`the docker context ${where} holds no engine address`, {
    hint: "docker context use default, or make the context again with docker context create",
  });
}

function readTls(dir: string, verify: boolean, files: FileReader): TlsMaterial {
  const read = (name: string) => readOrBreak(join(dir, name), "the TLS material", files);
  const [ca, cert, key] = [read("ca.pem"), read("cert.pem"), read("key.pem")];
  return { verify, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

function readOrBreak(path: string, what: string, files: FileReader): string | undefined {
  try {
    return files.readText(path);
  } catch (cause) {
    const hint = `look at the owner and mode of ${path}`;
    throw contextBroken(`${what} cannot be read: ${path}`, { hint, cause });
  }
}

const defaultSocket = "/var/run/docker.sock";
const defaultPipe = "//./pipe/docker_engine";

function defaultAddresses(input: DiscoverInput, note: string): readonly [EngineAddress, ...EngineAddress[]] {
  const fallback =
    input.platform === "win32"
      ? { url: `npipe://${defaultPipe}`, source: `default pipe${note}` }
      : { url: `unix://${defaultSocket}`, source: `default socket${note}` };
  if (input.platform === "win32") return [fallback];
  const found = knownSockets(input)
    .filter((socket) => input.files.exists(socket.path))
    .map((socket) => ({ url: `unix://${socket.path}`, source: socket.source + note }));
  return input.files.exists(defaultSocket) || found.length === 0
    ? [fallback, ...found]
    : (found as [EngineAddress, ...EngineAddress[]]);
}

/** The sockets of the usual products, in the order in which they are tried. */
function knownSockets(
  input: Pick<DiscoverInput, "env" | "homeDir" | "uid">,
): { path: string; source: string }[] {
  const { homeDir, env, uid } = input;
  const runtimeDir = env.XDG_RUNTIME_DIR || (uid === undefined ? undefined : `/run/user/${uid}`);
  const home = (path: string, source: string) => ({ path: join(homeDir, path), source });
  return [
    home(".docker/run/docker.sock", "Docker Desktop"),
    home(".docker/desktop/docker.sock", "Docker Desktop"),
    home(".colima/default/docker.sock", "Colima"),
    home(".config/colima/default/docker.sock", "Colima"),
    home(".orbstack/run/docker.sock", "OrbStack"),
    ...(runtimeDir ? [{ path: join(runtimeDir, "docker.sock"), source: "rootless Docker" }] : []),
    home(".rd/docker.sock", "Rancher Desktop"),
    ...(runtimeDir ? [{ path: join(runtimeDir, "podman/podman.sock"), source: "Podman" }] : []),
    { path: "/run/podman/podman.sock", source: "Podman" },
    home(".local/share/containers/podman/machine/podman.sock", "Podman"),
  ];
}

function contextBroken(
  message: string,
  facts: { hint: string; details?: unknown; cause?: unknown },
): MybrokerError {
  return new MybrokerError({
    code: "engine.context-broken",
    message,
    exitCode: exitCodes.machine,
    ...facts,
  });
}
