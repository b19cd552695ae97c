export interface ImageReference {
  /** Host of the registry; "docker.io" where the reference names none. */
  readonly registry: string;
  /** All before tag and digest, as written: "redis", "ghcr.io/org/app". */
  readonly name: string;
  /** Tag or digest; "latest" where neither is given. */
  readonly version: string;
}

/** Splits "registry:5000/path/name:tag@digest" by the rule of distribution/reference; a digest wins over a tag. */
export function parseImageReference(reference: string): ImageReference {
  const [beforeDigest = "", digest] = reference.split("@");
  const lastSlash = beforeDigest.lastIndexOf("/");
  const colon = beforeDigest.indexOf(":", lastSlash + 1);
  const name = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon < 0 ? undefined : beforeDigest.slice(colon + 1);
  const first = name.includes("/") ? (name.split("/")[0] ?? "") : "";
  const isHost = first.includes(".") || first.includes(":") || first === "localhost";
  const registry = isHost && first !== "index.docker.io" ? first : "docker.io";
  return { registry, name, version: digest ?? tag ?? "latest" };
}
