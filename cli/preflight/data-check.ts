import { imageName } from "../compose/labels.js";
import type { Project, ServerKind } from "../compose/model.js";
import type { ContainerDetails } from "../engine/engine.js";
import type { Observed } from "../reconcile/observed.js";
import type { RecordedData } from "./data-record.js";
import { type DataVerdict, findVersion, judgeData, parseVersion } from "./data-versions.js";

/** Data that a server of another version wrote than the one that is to have them. */
export interface OtherVersion {
  readonly verdict: Exclude<DataVerdict, "fits">;
  readonly service: string;
  readonly kind: ServerKind;
  readonly volume: string;
  /** Of the data. */
  readonly from: string;
  /** Image that wrote them. */
  readonly fromImage: string;
  readonly to: string;
}

interface DataQuestion {
  readonly project: Project;
  readonly observed: Observed;
  /** Those whose containers are going to be made or started. */
  readonly services: readonly string[];
  readonly record: Readonly<Record<string, RecordedData>>;
}

/**
 * Data are of the version that its healthy container has, else of the one that was recorded when it was last ready,
 * else of the container's: one that is not healthy may never have got at them. A version that nobody tells is not
 * judged.
 */
export function findOtherVersions({ project, observed, services, record }: DataQuestion): OtherVersion[] {
  return services.flatMap((service): OtherVersion[] => {
    const definition = project.services[service];
    const kind = definition?.["x-mybroker"]?.kind;
    if (definition === undefined || kind === undefined) return [];
    const reference = imageName(project, service, definition);
    const env = observed.images.get(reference)?.config.Env;
    const to = findVersion(kind, { env: Array.isArray(env) ? env : [], reference });
    const container = observed.containers.find((one) => one.service === service && !one.oneOff)?.details;
    return volumesOf(project, service).flatMap((volume) => {
      const found = observed.volumes.find(({ name }) => name === volume);
      const recorded = record[volume]?.createdAt === found?.createdAt ? record[volume] : undefined;
      const from = found === undefined ? undefined : whoWrote(kind, container, recorded);
      if (from === undefined || to === undefined) return [];
      const verdict = judgeData(kind, parseVersion(from.version), parseVersion(to));
      const facts = { service, kind, volume, from: from.version, fromImage: from.image, to };
      return verdict === "fits" ? [] : [{ verdict, ...facts }];
    });
  });
}

/** Names on the engine. */
function volumesOf(project: Project, service: string): string[] {
  return (project.services[service]?.volumes ?? []).flatMap(({ type, source }) => {
    const name = type === "volume" && source !== undefined ? project.volumes[source]?.name : undefined;
    return name === undefined ? [] : [name];
  });
}

function whoWrote(
  kind: ServerKind,
  container: ContainerDetails | undefined,
  recorded: RecordedData | undefined,
): Pick<RecordedData, "version" | "image"> | undefined {
  const image = container?.Config.Image ?? "";
  const version = findVersion(kind, { env: container?.Config.Env ?? [], reference: image });
  const seen = version === undefined ? undefined : { version, image };
  return container?.State.Health?.Status === "healthy" ? (seen ?? recorded) : (recorded ?? seen);
}
