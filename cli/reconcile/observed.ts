import type { ContainerDetails, ImageDetails, NetworkDetails, VolumeDetails } from "../engine/engine.js";

/** One snapshot of what the engine has of a project. */
export interface Observed {
  readonly project: string;
  readonly containers: readonly ObservedContainer[];
  readonly networks: readonly NetworkDetails[];
  readonly volumes: readonly VolumeDetails[];
  /** By every reference and id that was asked for and is there. */
  readonly images: ReadonlyMap<string, ImageDetails>;
}

export interface ObservedContainer {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** "" for a container that carries the project's label and no service's. */
  readonly service: string;
  readonly number: number;
  /** Made by `docker compose run`. */
  readonly oneOff: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly details: ContainerDetails;
  /** Target -> digest of inline configs and secrets as the container has them. */
  readonly fileDigests: Readonly<Record<string, string>>;
}
