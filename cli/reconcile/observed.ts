import type { ContainerDetails, NetworkDetails, VolumeDetails } from "../engine/engine.js";
import type { ImageDetails } from "../engine/images.js";

/** One snapshot of what the engine has of a project. */
export interface Observed {
  readonly project: string;
  readonly containers: readonly ObservedContainer[];
  readonly networks: readonly NetworkDetails[];
  readonly volumes: readonly VolumeDetails[];
  /** By every reference and id that was asked for and is there. */
  readonly images: ReadonlyMap<string, ImageDetails>;
  /** Of the images that the project builds, by their reference. */
  readonly recipes: ReadonlyMap<string, Recipe>;
}

/** On an image: what it was built from. Where a Dockerfile says something else now, it is built again. */
export const contentLabel = "dev.mybroker.content";

/** What a Dockerfile says of its image. */
export interface Recipe {
  /** References of the images that it begins with. */
  readonly bases: readonly string[];
  /** Value of its contentLabel; absent: as with Compose, a present image is good until --build. */
  readonly content?: string;
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
