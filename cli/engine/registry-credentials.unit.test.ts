import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCredentials } from "./registry-credentials.js";

const base64 = (text: string) => Buffer.from(text).toString("base64");

let helpers: string;
beforeAll(async () => {
  helpers = await mkdtemp(join(tmpdir(), "credential-helpers-"));
  await helper(
    "test",
    `printf '{"ServerURL":"%s","Username":"ana","Secret":"test-secret-for-%s"}' "$server" "$server"`,
  );
  await helper("token", `printf '{"Username":"<token>","Secret":"test-identity"}'`);
  await helper("empty", `echo "credentials not found in native keychain"; exit 1`);
  await helper("broken", `echo "test-secret leaked" >&2; exit 2`);
  await helper("chatty", "echo hello");
});
afterAll(() => rm(helpers, { recursive: true }));

async function helper(name: string, body: string): Promise<void> {
  const path = join(helpers, `docker-credential-${name}`);
  await writeFile(path, `#!/bin/sh\nread -r server || true\n[ "$1" = get ] || exit 9\n${body}\n`);
  await chmod(path, 0o755);
}

/** The credentials as the engine decodes them from the header. */
async function find(reference: string, config: unknown) {
  const text = typeof config === "string" ? config : JSON.stringify(config);
  const files = {
    exists: () => true,
    readText: (path: string) => (path === "/home/ana/.docker/config.json" ? text : undefined),
  };
  const env = { PATH: `${helpers}${delimiter}${process.env.PATH}` };
  const { header, problem } = await findCredentials(reference, { env, homeDir: "/home/ana", files });
  const auth = header && JSON.parse(Buffer.from(header, "base64url").toString());
  return { ...(auth && { auth }), ...(problem && { problem }), ...(header && { header }) };
}

describe("credentials of config.json", () => {
  it("are taken for Docker Hub under its old address", async () => {
    const auths = { "https://index.docker.io/v1/": { auth: base64("ana:test-pass:with-colon") } };
    expect((await find("redis:7", { auths })).auth).toEqual({
      username: "ana",
      password: "test-pass:with-colon",
      serveraddress: "https://index.docker.io/v1/",
    });
    expect(await find("ghcr.io/a/b", { auths })).toEqual({});
  });

  it.each(["ghcr.io", "https://ghcr.io", "https://ghcr.io/v2/"])(
    "are found under the key %s",
    async (key) => {
      const { auth } = await find("ghcr.io/a/b", { auths: { [key]: { auth: base64("ana:test") } } });
      expect(auth).toMatchObject({ username: "ana", password: "test" });
    },
  );

  it("may be an identity token", async () => {
    const auths = { "r.example": { auth: base64("00000000:"), identitytoken: "test-token" } };
    expect((await find("r.example/x", { auths })).auth).toEqual({
      identitytoken: "test-token",
      serveraddress: "r.example",
    });
  });

  it("are sent in the alphabet of URLs with their padding", async () => {
    const auths = { "r.example": { username: "ã?>~", password: "test~?>" } };
    const { header } = await find("r.example/x", { auths });
    expect(header).toMatch(/^[\w-]+={0,2}$/);
    expect((header?.length ?? 1) % 4).toBe(0);
  });

  it.each(["", "{", "null", "[]"])("are none where the file holds %j, which stops nothing", async (text) => {
    expect((await find("redis", text)).auth).toBeUndefined();
  });
});

describe("credential helpers", () => {
  it("are asked for the registry, a special one before the general one", async () => {
    const config = { credsStore: "test", credHelpers: { "ghcr.io": "token" } };
    expect((await find("redis", config)).auth).toEqual({
      username: "ana",
      password: "test-secret-for-https://index.docker.io/v1/",
      serveraddress: "https://index.docker.io/v1/",
    });
    expect((await find("ghcr.io/a/b", config)).auth).toEqual({
      identitytoken: "test-identity",
      serveraddress: "ghcr.io",
    });
  });

  it("that know nothing are no problem", async () => {
    expect(await find("redis", { credsStore: "empty" })).toEqual({});
  });

  it.each([
    ["broken", "docker-credential-broken failed"],
    ["missing", "docker-credential-missing failed"],
    ["chatty", "docker-credential-chatty answered with something else than JSON"],
  ])("that are %s are remembered, without their words", async (credsStore, problem) => {
    expect(await find("redis", { credsStore })).toEqual({ problem });
  });
});
