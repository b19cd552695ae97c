import { describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/registry.js";
import { complete } from "../../cli/completion/complete.js";

/** The values that are offered, and what the shell shall do besides, by the library's number. */
async function offer(words: readonly string[], known: readonly string[] | Error = []) {
  const asked: string[] = [];
  const lines = await complete(words, {
    definitions: commands,
    lookUp: async (source) => {
      asked.push(source);
      if (known instanceof Error) throw known;
      return known.map((value) => ({ value, about: "somebody's own" }));
    },
  });
  const values = lines.slice(0, -1).map((line) => line.split("\t")[0]);
  return { values, directive: lines.at(-1), asked };
}

describe("what may stand at the cursor", () => {
  it("is no name that a shell would act on, whoever gave a queue that name", async () => {
    const known = ["my.queue", "$(reboot)", "`reboot`", "a b", "x;y", "*", "q'q", "~", "$HOME"];
    expect(await offer(["tail", "--rabbit", ""], known)).toMatchObject({
      ...{ values: ["my.queue"], asked: ["queues"] },
    });
  });

  it("is not what was typed before", async () => {
    expect((await offer(["logs", "kafka", ""], ["kafka", "kafka-ui"])).values).toEqual(["kafka-ui"]);
  });

  it("is nothing of a project whose files are broken, and its commands all the same", async () => {
    const broken = new Error("compose.yaml:1: not valid YAML");
    expect((await offer(["logs", ""], broken)).values).toEqual([]);
    expect((await offer(["lo"], broken)).values).toEqual(["logs"]);
  });

  it.each([
    ["a file of this machine", ["-f", ""], ":0"],
    ["a folder", ["--project-directory", ""], ":16"],
    ["somebody else's program", ["replace", "broker-order", "--", ""], ":0"],
    ["a flag of a program in a container", ["exec", "kafka", "ls", "--"], ":4"],
    ["a word behind no command", ["nonsense", ""], ":4"],
  ])("is %s: left to the shell", async (_, words, directive) => {
    expect(await offer(words, ["kafka"])).toEqual({ values: [], directive, asked: [] });
  });
});
