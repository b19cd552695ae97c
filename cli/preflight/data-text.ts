import type { Project } from "../compose/model.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { OtherVersion } from "./data-check.js";
import { serverName } from "./data-versions.js";

/** What no server of the new version reads, with the ways out. */
export function otherVersionError(
  others: readonly [OtherVersion, ...OtherVersion[]],
  project: Project,
): MybrokerError {
  const [first, ...more] = others;
  return new MybrokerError({
    code: "volume.other-version",
    message: `The volume ${first.volume} holds data of ${nameOf(first)} ${first.from}, which ${first.to} does not take`,
    lines: [
      ...more.map((other) => `${other.volume} too (${other.from}, ${other.to})`),
      "Nothing was stopped or changed.",
      `Do      go back:  ${lineBack(first, project)}`,
      ...more.map((other) => `                  ${lineBack(other, project)}`),
      `Or      take the data along:  ${pageOf(first)}`,
      `Or      give it up:  {mybroker} down --volumes      all data of ${project.name}`,
    ],
    hint: `go back:  ${lineBack(first, project)}`,
    exitCode: exitCodes.machine,
    details: { volumes: others },
  });
}

/** What the new version changes for good, as a question's notes. */
export function describeConversions(others: readonly OtherVersion[]): string[] {
  return [
    ...others.map(
      (other) =>
        `${other.volume}: ${nameOf(other)} ${other.to} converts the data of ${other.from}, and there is no way back.`,
    ),
    `Without a copy that is a risk; how to make one: ${others.slice(0, 1).map(pageOf)}`,
  ];
}

function nameOf({ kind }: OtherVersion): string {
  return serverName(kind) ?? kind;
}

const pageOf = (other: OtherVersion) => `docs/upgrading.md#${nameOf(other).toLowerCase()}`;

/** The line of .env that gives the former image, by the name that the compose file has for it. */
function lineBack({ service, fromImage }: OtherVersion, project: Project): string {
  const key = `${service.toUpperCase().replaceAll("-", "_")}_IMAGE`;
  const registry = project.environment.IMAGE_REGISTRY ?? "";
  const image = fromImage.startsWith(registry) ? fromImage.slice(registry.length) : fromImage;
  return key in project.environment ? `${key}=${image}  in .env` : `image: ${fromImage}  for ${service}`;
}
