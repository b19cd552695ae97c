import { expect, it } from "vitest";
import { observeProject } from "../../engine/observe.js";
import { planUpImages } from "../../reconcile/plan-up.js";
import { exampleProject, exampleService } from "../../reconcile/testing/example-project.js";
import { SimulatedEngine } from "../../reconcile/testing/simulated-engine.js";
import { readUpSetting } from "./options.js";

it("leaves a service's pull_policy in force until --pull says otherwise", async () => {
  const simulated = new SimulatedEngine();
  simulated.addImage("redis:7.4", {});
  const project = exampleProject({ a: exampleService({ pull_policy: "always" }) });
  const observed = await observeProject(simulated.engine, project);
  const pulls = (options: Record<string, unknown>) =>
    planUpImages(project, observed, readUpSetting(options, [], new Set()).plan).steps.map(({ id }) => id);
  expect(pulls({})).toEqual(["pull-image redis:7.4"]);
  expect(pulls({ pull: "missing" })).toEqual([]);
});
