import type { Check } from "./check.js";
import { checkDiskSpace } from "./check-disk.js";
import { checkEnvFile } from "./check-env.js";
import { checkLogins } from "./check-logins.js";
import { checkRuntime } from "./check-runtime.js";

/** All checks, in the order in which they are told. */
export const checks: readonly Check[] = [
  { id: "runtime.answers", title: "the project runs, and every part of it", run: checkRuntime },
  {
    id: "server.login",
    title: "every server takes the login of .env, every store is readable",
    run: checkLogins,
  },
  { id: "env.complete", title: ".env has what .env.example has", run: checkEnvFile },
  { id: "disk.space", title: "there is room on the disk", run: checkDiskSpace },
];
