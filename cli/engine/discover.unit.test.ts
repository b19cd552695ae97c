import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type DiscoverInput, discoverEngines } from "./discover.js";
import type { FileReader } from "./file-reader.js";

const home = "/home/ana";
const unreadable: unique symbol = Symbol("unreadable");
const socket = "";

/** A home as a map from path to text; `unreadable` is there and cannot be opened. */
function files(contents: Readonly<Record<string, string | typeof unreadable>>): FileReader {
  return {
    exists: (path) => path in contents,
    readText(path) {
      const text = contents[path];
      if (text === unreadable) throw Object.assign(new Error("permission denied"), { code: "EACCES" });
      return text;
    },
  };
}

function discover(
  contents: Readonly<Record<string, string | typeof unreadable>>,
  more: Partial<DiscoverInput> = {},
) {
  return discoverEngines({
    env: {},
    homeDir: home,
    uid: 1000,
    platform: "linux",
    ...more,
    files: files(contents),
  });
}

const idOf = (name: string) => createHash("sha256").update(name).digest("hex");

function context(name: string, endpoint: object, folder = `${home}/.docker`): Record<string, string> {
  const meta = JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker: endpoint } });
  return { [`${folder}/contexts/meta/${idOf(name)}/meta.json`]: meta };
}

const config = (name: string, folder = `${home}/.docker`) => ({
  [`${folder}/config.json`]: JSON.stringify({ auths: {}, currentContext: name }),
});

describe("ten homes", () => {
  const varRun = { "/var/run/docker.sock": socket };
  const colima = `${home}/.colima/default/docker.sock`;
  const desktop = { Host: `unix://${home}/.docker/desktop/docker.sock` };
  const homes: [string, Record<string, string>, Partial<DiscoverInput>, { url: string; source: string }][] = [
    ["Docker Engine on Linux", varRun, {}, { url: "unix:///var/run/docker.sock", source: "default socket" }],
    [
      "Docker Desktop on Linux by its context",
      { ...varRun, ...config("desktop-linux"), ...context("desktop-linux", desktop) },
      {},
      { url: desktop.Host, source: "context desktop-linux" },
    ],
    [
      "Docker Desktop on macOS without the system-wide socket",
      { [`${home}/.docker/run/docker.sock`]: socket },
      { platform: "darwin" },
      { url: `unix://${home}/.docker/run/docker.sock`, source: "Docker Desktop" },
    ],
    [
      "Colima by its context",
      { ...config("colima"), ...context("colima", { Host: `unix://${colima}` }) },
      { platform: "darwin" },
      { url: `unix://${colima}`, source: "context colima" },
    ],
    [
      "Colima without a context",
      { [colima]: socket },
      { platform: "darwin" },
      { url: `unix://${colima}`, source: "Colima" },
    ],
    [
      "OrbStack without a context",
      { [`${home}/.orbstack/run/docker.sock`]: socket },
      { platform: "darwin" },
      { url: `unix://${home}/.orbstack/run/docker.sock`, source: "OrbStack" },
    ],
    [
      "rootless Docker",
      { "/run/user/1000/docker.sock": socket },
      {},
      { url: "unix:///run/user/1000/docker.sock", source: "rootless Docker" },
    ],
    [
      "Rancher Desktop",
      { [`${home}/.rd/docker.sock`]: socket },
      {},
      { url: `unix://${home}/.rd/docker.sock`, source: "Rancher Desktop" },
    ],
    [
      "Podman's socket in its own runtime folder",
      { "/tmp/run-ana/podman/podman.sock": socket },
      { env: { XDG_RUNTIME_DIR: "/tmp/run-ana" } },
      { url: "unix:///tmp/run-ana/podman/podman.sock", source: "Podman" },
    ],
    [
      "Docker on Windows",
      {},
      { platform: "win32", uid: undefined },
      { url: "npipe:////./pipe/docker_engine", source: "default pipe" },
    ],
  ];
  it.each(homes)("%s", (_, contents, more, expected) => {
    expect(discover(contents, more)[0]).toEqual(expected);
  });
});

describe("the order", () => {
  const contents = {
    "/var/run/docker.sock": socket,
    ...config("first"),
    ...context("first", { Host: "tcp://10.0.0.1:2375" }),
    ...context("second", { Host: "tcp://10.0.0.2:2375" }),
  };
  const sourceOf = (env: Record<string, string>) =>
    discover(contents, { env }).map((address) => address.source);

  it("is DOCKER_HOST, DOCKER_CONTEXT, config.json, default", () => {
    expect(sourceOf({ DOCKER_HOST: "unix:///x.sock", DOCKER_CONTEXT: "second" })).toEqual(["DOCKER_HOST"]);
    expect(sourceOf({ DOCKER_CONTEXT: "second" })).toEqual(["context second"]);
    expect(sourceOf({})).toEqual(["context first"]);
    expect(sourceOf({ DOCKER_CONTEXT: "default" })).toEqual(["default socket"]);
    expect(sourceOf({ DOCKER_HOST: "" })).toEqual(["context first"]);
  });

  it("reads DOCKER_CONFIG in place of ~/.docker", () => {
    const elsewhere = { ...config("work", "/etc/d"), ...context("work", { Host: "tcp://w:1" }, "/etc/d") };
    const [address] = discover({ ...contents, ...elsewhere }, { env: { DOCKER_CONFIG: "/etc/d" } });
    expect(address).toEqual({ url: "tcp://w:1", source: "context work" });
  });

  it("keeps other products behind the default socket, for when that one does not answer", () => {
    const both = { "/var/run/docker.sock": socket, "/run/user/1000/docker.sock": socket };
    expect(discover(both).map((address) => address.source)).toEqual(["default socket", "rootless Docker"]);
  });

  it("names the default socket where nothing is found", () => {
    expect(discover({})).toEqual([{ url: "unix:///var/run/docker.sock", source: "default socket" }]);
  });
});

describe("DOCKER_HOST", () => {
  it.each([
    ["10.0.0.5:2375", "tcp://10.0.0.5:2375"],
    ["tcp://[::1]:2375", "tcp://[::1]:2375"],
    ["unix://", "unix:///var/run/docker.sock"],
    ["ssh://ana@host:2222", "ssh://ana@host:2222"],
  ])("%s is taken as %s", (host, url) => {
    expect(discover({}, { env: { DOCKER_HOST: host } })).toEqual([{ url, source: "DOCKER_HOST" }]);
  });

  it.each(["ftp://host", "tcp://", "tcp://host:99999", "://x"])("%s is refused", (host) => {
    expect(() => discover({}, { env: { DOCKER_HOST: host } })).toThrow(
      expect.objectContaining({
        code: "engine.context-broken",
        exitCode: 3,
        message: expect.stringContaining(host),
      }),
    );
  });

  it("comes with the certificates of DOCKER_CERT_PATH where TLS is asked for", () => {
    const certificates = { "/c/ca.pem": "CA", "/c/cert.pem": "CERT", "/c/key.pem": "KEY (of a test)" };
    const env = { DOCKER_HOST: "tcp://h:2376", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/c" };
    const tls = { ca: "CA", cert: "CERT", key: "KEY (of a test)", verify: true };
    expect(discover(certificates, { env })[0]?.tls).toEqual(tls);
    expect(
      discover(certificates, { env: { ...env, DOCKER_TLS_VERIFY: "", DOCKER_TLS: "1" } })[0]?.tls,
    ).toEqual({
      ...tls,
      verify: false,
    });
  });

  it("is refused where a certificate cannot be read", () => {
    const env = { DOCKER_HOST: "tcp://h:2376", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/c" };
    expect(() => discover({ "/c/ca.pem": unreadable }, { env })).toThrow(
      /TLS material cannot be read: \/c\/ca\.pem/,
    );
  });
});

describe("contexts", () => {
  it("bring their TLS material", () => {
    const dir = `${home}/.docker/contexts/tls/${idOf("remote")}/docker`;
    const contents = {
      ...config("remote"),
      ...context("remote", { Host: "tcp://10.0.0.9:2376", SkipTLSVerify: false }),
      [`${dir}/ca.pem`]: "CA",
    };
    expect(discover(contents)).toEqual([
      { url: "tcp://10.0.0.9:2376", source: "context remote", tls: { ca: "CA", verify: true } },
    ]);
  });

  it.each([
    ["does not exist", config("gone"), /context "gone" that config\.json names does not exist/],
    [
      "is no JSON",
      { ...config("x"), [`${home}/.docker/contexts/meta/${idOf("x")}/meta.json`]: "{" },
      /no engine address/,
    ],
    ["has no engine", { ...config("x"), ...context("x", {}) }, /no engine address/],
    [
      "cannot be read",
      { ...config("x"), [`${home}/.docker/contexts/meta/${idOf("x")}/meta.json`]: unreadable },
      /context "x" \(config\.json\) cannot be read/,
    ],
  ])("stop everything where the chosen one %s", (_, contents, message) => {
    expect(() => discover(contents as Record<string, string>)).toThrow(
      expect.objectContaining({ code: "engine.context-broken", message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ["unreadable", unreadable],
    ["malformed", "{"],
  ] as const)("are passed over where config.json is %s, and it is said", (_, text) => {
    const contents: Record<string, string | typeof unreadable> = { "/var/run/docker.sock": socket };
    contents[`${home}/.docker/config.json`] = text;
    expect(discover(contents)[0].source).toBe(`default socket; ${home}/.docker/config.json cannot be read`);
  });

  it.each(["null", "[]", "{}", '{"currentContext":7}'])("are not chosen by a config.json of %s", (text) => {
    expect(discover({ [`${home}/.docker/config.json`]: text })[0].source).toBe("default socket");
  });
});
