import { describe, expect, it } from "vitest";
import type { Project } from "../compose/model.js";
import { observeProject } from "../engine/observe.js";
import { contentLabel } from "./observed.js";
import type { UpOptions } from "./plan-context.js";
import { planUpImages } from "./plan-up.js";
import { exampleProject, exampleService } from "./testing/example-project.js";
import { SimulatedEngine } from "./testing/simulated-engine.js";

const recipe = (content: string) =>
  `ARG BASE\nFROM \${BASE}\nLABEL ${contentLabel}="${content} on \${BASE}"\n`;

/** Three services of one image that only the first says how to build. */
function sharing(content = "a1"): Project {
  const shared = { image: "app-services", pull_policy: "never" };
  const build = { dockerfile_inline: recipe(content), args: { BASE: "node:1" } };
  return exampleProject({
    first: exampleService({ ...shared, build }),
    second: exampleService(shared),
    third: exampleService(shared),
  });
}

async function plan(simulated: SimulatedEngine, project: Project, options: UpOptions = {}) {
  const { steps } = planUpImages(project, await observeProject(simulated.engine, project), options);
  return steps.map(({ action, name, service, cause, dependsOn }) =>
    [`${action} ${name}`, service, cause, ...dependsOn].join(", "),
  );
}

function withImages(content?: string): SimulatedEngine {
  const simulated = new SimulatedEngine();
  simulated.addImage("node:1");
  if (content !== undefined) simulated.addImage("app-services", {}, { [contentLabel]: content });
  return simulated;
}

describe("an image that several services share", () => {
  it("is built once, on an image that is pulled before", async () => {
    expect(await plan(new SimulatedEngine(), sharing())).toEqual([
      "pull-image node:1, first, is not on this engine",
      "build-image app-services, first, is not on this engine, pull-image node:1",
    ]);
  });

  it("is built for a service that does not say how, with the labels of the one that does", async () => {
    expect(await plan(withImages(), sharing(), { services: ["second"] })).toEqual([
      "build-image app-services, first, is not on this engine",
    ]);
  });

  it("stays while its label says what its recipe says", async () => {
    expect(await plan(withImages("a1 on node:1"), sharing())).toEqual([]);
    expect(await plan(withImages("a1 on node:1"), sharing(), { pull: "always" })).toEqual([]);
  });

  it.each([
    ["another bundle", "a0 on node:1"],
    ["another base", "a1 on node:0"],
  ])("is built again where it holds %s", async (_, content) => {
    expect(await plan(withImages(content), sharing())).toEqual([
      "build-image app-services, first, what it is built from has changed",
    ]);
  });

  it("is built again with --build, on a base that is pulled again with --pull always", async () => {
    const options: UpOptions = { build: true, pull: "always" };
    expect(await plan(withImages("a1 on node:1"), sharing(), options)).toEqual([
      "pull-image node:1, first, pulled always",
      "build-image app-services, first, asked for with --build, pull-image node:1",
    ]);
  });

  it("needs its base even where pulling is off, and then says so", async () => {
    await expect(plan(new SimulatedEngine(), sharing(), { pull: "never" })).rejects.toMatchObject({
      code: "images.missing",
      details: { image: "node:1" },
    });
  });
});
