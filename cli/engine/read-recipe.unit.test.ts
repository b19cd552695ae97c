import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRecipe, readRecipe } from "./read-recipe.js";

describe("a build's Dockerfile", () => {
  it("names the images that it stands on, with the build's arguments in their place", () => {
    const text =
      'ARG BASE=node:1\nARG OTHER="b:2"\nFROM --platform=linux/amd64 ${BASE} AS build\nFROM $OTHER\nFROM build\nFROM scratch\n';
    expect(parseRecipe(text, {})).toEqual({ bases: ["node:1", "b:2"] });
    expect(parseRecipe(text, { BASE: "registry.example.com/node:3", OTHER: null }).bases).toEqual([
      "registry.example.com/node:3",
      "b:2",
    ]);
  });

  it("of the services says which bundle the image holds, and on which Node", () => {
    const text = readFileSync(resolve(import.meta.dirname, "../../services/Dockerfile"), "utf8");
    const recipe = parseRecipe(text, { NODE_IMAGE: "node:9.9.9-slim" });
    expect(recipe).toEqual({ bases: ["node:9.9.9-slim"], content: "@DIGEST@ on node:9.9.9-slim" });
  });

  it("may be missing, or stand in the compose file", async () => {
    expect(await readRecipe({ context: "/nonexistent" })).toBeUndefined();
    expect(await readRecipe({ dockerfile_inline: "FROM busybox:1\n" })).toEqual({ bases: ["busybox:1"] });
  });
});
