import fc from "fast-check";
import type { Project, Service } from "../../compose/model.js";
import { exampleProject, exampleService } from "./example-project.js";

/** Two images, so that a change of the image is among the edits. */
export const arbitraryImages = ["redis:7.4", "postgres:15"] as const;

const names = ["alpha", "beta", "gamma", "delta"] as const;

const arbitraryService: fc.Arbitrary<Service> = fc
  .record(
    {
      image: fc.constantFrom(...arbitraryImages),
      command: fc.constantFrom(["run"], ["run", "--fast"]),
      environment: fc.dictionary(fc.constantFrom("A", "B", "C"), fc.constantFrom("1", "2", "")),
      user: fc.constantFrom("1", "2"),
      mem_limit: fc.constantFrom("1048576", "2097152"),
      restart: fc.constantFrom("always", "on-failure:2"),
      tmpfs: fc.constant(["/tmp:size=1m"]),
      labels: fc.dictionary(fc.constantFrom("x", "y"), fc.constantFrom("1", "2")),
      volumes: fc.constantFrom(
        [{ type: "volume" as const, source: "data", target: "/data", volume: {} }],
        [{ type: "volume" as const, target: "/scratch", volume: {} }],
      ),
      networks: fc.constantFrom(
        { default: null },
        { default: null, back: null },
        { back: { aliases: ["z"] } },
      ),
      healthcheck: fc.constantFrom({ test: ["CMD", "a"], interval: "10s" }, { disable: true }),
      scale: fc.constantFrom(1, 1, 1, 2),
      configs: fc.constant([{ source: "rules" }]),
    },
    { requiredKeys: ["image"] },
  )
  .map((facts) => exampleService(facts as unknown as Partial<Service>));

/** Services that depend only on those before them: no cycles. */
export const arbitraryProject: fc.Arbitrary<Project> = fc
  .tuple(
    fc.array(arbitraryService, { minLength: 1, maxLength: names.length }),
    fc.array(fc.array(fc.nat(3), { maxLength: 2 }), { minLength: 4, maxLength: 4 }),
    fc.boolean(),
    fc.constantFrom("allow all", "allow none"),
  )
  .map(([services, edges, internal, content]) => {
    const named: Record<string, Service> = {};
    services.forEach((service, index) => {
      const dependencies = (edges[index] ?? []).filter((target) => target < index);
      named[names[index] ?? ""] = {
        ...service,
        depends_on: Object.fromEntries(
          dependencies.map((target) => [
            names[target] ?? "",
            { condition: "service_started" as const, required: true, restart: target === 0 },
          ]),
        ),
      };
    });
    return exampleProject(named, {
      networks: {
        default: { name: "app_default", ipam: {} },
        back: { name: "app_back", ipam: {}, internal },
      },
      configs: { rules: { name: "app_rules", content } },
    });
  });
