import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createTestContext } from "../../test/support/run-cli.js";
import type { CommandRequest } from "../kernel/command.js";
import { whileLocked } from "./while-locked.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mybroker-locked-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function requestOf(facts: { dryRun?: boolean; homeDir?: string; warnings?: string[] } = {}): CommandRequest {
  return {
    command: "up",
    context: createTestContext({ homeDir: facts.homeDir ?? root }),
    globals: { dryRun: facts.dryRun ?? false },
    output: { warn: (text: string) => facts.warnings?.push(text) },
  } as unknown as CommandRequest;
}

const work = async () => "done";

it("lets one command at a time change a project, and a dry run beside it", async () => {
  const project = { name: "sample", folder: root };
  const inside = await whileLocked(requestOf(), project, async () => {
    const second = await whileLocked(requestOf(), project, work).catch((error: unknown) => error);
    return { second, dry: await whileLocked(requestOf({ dryRun: true }), project, work) };
  });
  expect(inside.second).toMatchObject({ code: "project.busy", exitCode: 3 });
  expect(inside.dry).toBe("done");
  expect(await whileLocked(requestOf(), project, work)).toBe("done");
});

it("works without a lock where no state folder can be had, and says so", async () => {
  const warnings: string[] = [];
  const request = requestOf({ homeDir: "not-absolute", warnings });
  expect(await whileLocked(request, { name: "sample", folder: root }, work)).toBe("done");
  expect(warnings).toEqual([expect.stringContaining("XDG_STATE_HOME")]);
});
