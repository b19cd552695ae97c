import { afterAll, beforeAll, it } from "vitest";
import { type BuiltCli, buildCli } from "../support/built-cli.js";
import { createEmbeddedProject, type EmbeddedProject } from "../support/embedded-project.js";
import { tellFigures } from "../support/tell-figures.js";
import { expectExampleFills } from "./order-service-scenario.js";
import { describePrograms } from "./programs.js";

describePrograms(["python3-pika", "python3-kafka"], () => {
  let cli: BuiltCli;
  let project: EmbeddedProject;

  beforeAll(async () => {
    cli = await buildCli();
    project = await createEmbeddedProject(cli);
    const up = await project.run("up");
    if (up.exitCode !== 0) throw new Error(up.stderr);
  }, 180_000);
  afterAll(async () => {
    await project?.remove();
    cli?.remove();
  });

  it("the example order service, in the place of ours, takes orders that are filled and settled", async () => {
    tellFigures(await expectExampleFills(project));
  });
});
