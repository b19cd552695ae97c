import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

interface Import {
  readonly from: string;
  /** A path from the repository's root, or the name of a package. */
  readonly to: string;
}

const root = resolve(import.meta.dirname, "../..");
const folders = ["cli", "contracts", "kit", "services", "embedded"];
const files = folders.flatMap(listSources);
const imports = files.flatMap(readImports);
const production = imports.filter(({ from }) => !/(\.test\.ts$|\/testing\/)/.test(from));

function listSources(folder: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.endsWith(".ts"))
    .map((entry) => `${folder}/${entry.replaceAll("\\", "/")}`);
}

function readImports(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const specifiers = text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)["']([^"']+)["']/g);
  return [...specifiers].map(([, specifier = ""]) => {
    const local = specifier.startsWith(".");
    return {
      from: file,
      to: local ? relative(root, resolve(root, dirname(file), specifier)) : packageName(specifier),
    };
  });
}

function packageName(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** Imports that break a rule, as "file -> target" lines. */
function violations(broken: (candidate: Import) => boolean): string[] {
  return production.filter(broken).map(({ from, to }) => `${from} -> ${to}`);
}

/** node:net also holds pure tests of addresses. */
function importsOnlyAddressTests(file: string, to: string): boolean {
  const names = /import \{([^}]*)\} from "node:net"/.exec(readFileSync(join(root, file), "utf8"))?.[1] ?? "";
  return to === "node:net" && names.split(",").every((name) => /^\s*isIP(v4|v6)?\s*$/.test(name));
}

/** Where each of these packages may be imported; nothing else may. */
const homes: Readonly<Record<string, readonly string[]>> = {
  dockerode: ["cli/engine/"],
  "@bomb.sh/tab": ["cli/completion/"],
  commander: ["cli/kernel/"],
  chalk: ["cli/output/"],
  ora: ["cli/output/"],
  yaml: ["cli/compose/"],
  dotenv: ["cli/env/"],
  "tar-stream": ["cli/engine/", "cli/reconcile/"],
  execa: ["cli/commands/", "cli/preflight/", "cli/env/", "cli/engine/"],
  kafkajs: ["cli/ready/", "cli/streams/", "kit/"],
  amqplib: ["cli/ready/", "cli/streams/", "kit/"],
  mysql2: ["cli/ready/", "cli/seed/", "kit/"],
  pg: ["cli/ready/", "cli/seed/", "kit/"],
  mongodb: ["cli/ready/", "cli/seed/", "kit/"],
  ioredis: ["cli/ready/", "cli/seed/", "kit/"],
  kysely: ["kit/", "embedded/stores/", "services/"],
  libsql: ["kit/"],
  fastify: ["services/"],
  "@fastify/swagger": ["services/shared/http/"],
  "prom-client": ["services/"],
  pino: ["services/shared/"],
  jose: ["services/shared/auth/", "services/broker-identity/"],
  typebox: ["contracts/", "services/"],
};

describe("import rules", () => {
  it("finds the sources", () => {
    expect(files).toContain("cli/main.ts");
    expect(imports.length).toBeGreaterThan(50);
  });

  it("the CLI and the services never import each other", () => {
    expect(
      violations(
        ({ from, to }) =>
          (from.startsWith("cli/") && to.startsWith("services/")) ||
          (from.startsWith("services/") && to.startsWith("cli/")),
      ),
    ).toEqual([]);
  });

  it("the CLI starts the embedded runtime as a process and never imports it; that one knows no CLI", () => {
    expect(
      violations(
        ({ from, to }) =>
          (/^(cli|kit|contracts|services)\//.test(from) && to.startsWith("embedded/")) ||
          (from.startsWith("embedded/") && to.startsWith("cli/")),
      ),
    ).toEqual([]);
  });

  it("kit imports contracts only, contracts import nothing of ours", () => {
    expect(
      violations(
        ({ from, to }) => from.startsWith("kit/") && /^(cli|services|embedded|test|tools)\//.test(to),
      ),
    ).toEqual([]);
    expect(
      violations(
        ({ from, to }) =>
          from.startsWith("contracts/") && /^(cli|kit|services|embedded|test|tools)\//.test(to),
      ),
    ).toEqual([]);
  });

  it("a service never imports another", () => {
    const serviceOf = (path: string) => /^services\/([^/]+)\//.exec(path)?.[1];
    expect(
      violations(({ from, to }) => {
        const own = serviceOf(from);
        const other = serviceOf(to);
        return own !== undefined && other !== undefined && own !== other && other !== "shared";
      }),
    ).toEqual([]);
  });

  it("a domain knows money, instruments, ids and contracts, and nothing that does anything", () => {
    const allowed = /^(kit\/(money|instruments)\.js|contracts\/.*|services\/[^/]+\/domain\/.*|uuid)$/;
    expect(
      violations(({ from, to }) => /^services\/[^/]+\/domain\//.test(from) && !allowed.test(to)),
    ).toEqual([]);
  });

  it("a command never imports another command", () => {
    expect(
      violations(({ from, to }) => {
        const own = /^cli\/commands\/([^/]+)\//.exec(from)?.[1];
        const other = /^cli\/commands\/([^/]+)\//.exec(to)?.[1];
        return own !== undefined && other !== undefined && own !== other && own !== "registry.ts";
      }),
    ).toEqual([]);
  });

  it("a client library is imported only where it has its home", () => {
    expect(
      violations(({ from, to }) => {
        const allowed = homes[to];
        return allowed !== undefined && !allowed.some((home) => from.startsWith(home));
      }),
    ).toEqual([]);
  });

  it("planning and the compose model know neither engine, output nor network", () => {
    expect(
      violations(
        ({ from, to }) =>
          /^cli\/(reconcile|compose)\//.test(from) &&
          (/^cli\/(commands|output|ready)\//.test(to) ||
            (/^node:(net|http|https|child_process)$/.test(to) && !importsOnlyAddressTests(from, to))),
      ),
    ).toEqual([]);
  });

  it("only the output layer and main know the process's streams, only main ends the process", () => {
    const offenders = files
      .filter((file) => file.startsWith("cli/") && !/(\.test\.ts$|\/testing\/)/.test(file))
      .filter(
        (file) =>
          file !== "cli/main.ts" && file !== "cli/kernel/read-context.ts" && !file.startsWith("cli/output/"),
      )
      .filter((file) =>
        /process\.(stdout|stderr|exit\b|argv)|console\./.test(readFileSync(join(root, file), "utf8")),
      );
    expect(offenders).toEqual([]);
  });

  it("production code does not import tests or tools", () => {
    expect(violations(({ to }) => /^(test|tools)\//.test(to) || to.endsWith(".test.js"))).toEqual([]);
  });
});
