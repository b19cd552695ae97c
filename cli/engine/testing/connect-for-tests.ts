import { homedir } from "node:os";
import { connectEngine } from "../connect.js";
import type { Engine } from "../engine.js";

/** The engine that this machine's docker CLI would use, for tests against the real one. */
export function connectForTests(): Promise<Engine> {
  return connectEngine({
    env: process.env,
    homeDir: homedir(),
    uid: process.getuid?.(),
    platform: process.platform,
  });
}
