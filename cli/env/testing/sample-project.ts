import type { Project } from "../../compose/model.js";
import type { Context } from "../../kernel/context.js";

/** A project without services: for tests of what happens to files, where no compose file matters. */
export function emptyProject(folder: string, environment: Readonly<Record<string, string>> = {}): Project {
  return {
    name: "sample",
    workingDir: folder,
    files: [],
    envFiles: [],
    envFilesGiven: false,
    environment,
    services: {},
    disabledServices: {},
    networks: {},
    volumes: {},
    configs: {},
    secrets: {},
    variables: {},
    extensions: {},
  };
}

/** A context with an environment and a home of its own, so that nothing of the tester's is read or written. */
export function sampleContext(homeDir: string, env: Readonly<Record<string, string>> = {}): Context {
  return {
    cwd: homeDir,
    homeDir,
    env,
    platform: process.platform,
    uid: process.getuid?.(),
    stdinIsTty: false,
    stdoutIsTty: false,
    stderrIsTty: false,
    columns: 80,
    invocation: "mybroker",
    version: "0.0.0",
    packageRoot: homeDir,
    now: Date.now,
    signal: new AbortController().signal,
  };
}
