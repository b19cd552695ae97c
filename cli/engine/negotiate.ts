/** The newest API that this program was tested with; a newer engine is spoken to in this one. */
const newestApi = "1.51";
/** Engine 25: the first with start_interval and with all networks in one create call. */
export const oldestApi = "1.44";

/** GET /version; the fields that we read. Old engines and other products leave some out. */
export interface VersionAnswer {
  readonly Version?: string;
  readonly ApiVersion?: string;
  readonly MinAPIVersion?: string;
  readonly Os?: string;
  readonly Arch?: string;
  readonly Components?: readonly { readonly Name?: string; readonly Version?: string }[];
}

export type Negotiation =
  | { readonly kind: "agreed"; readonly apiVersion: string }
  | { readonly kind: "too-old"; readonly theirs: string }
  | { readonly kind: "too-new"; readonly theirMinimum: string }
  /** Whatever answered is no Docker Engine. */
  | { readonly kind: "not-an-engine" };

/** The highest API that both sides speak: min(ours, theirs), at least Engine 25's. */
export function negotiateApi(answer: unknown): Negotiation {
  const version = answer as VersionAnswer | null | undefined;
  const theirs = version?.ApiVersion;
  if (typeof theirs !== "string" || !/^\d+\.\d+$/.test(theirs)) return { kind: "not-an-engine" };
  if (compareApi(theirs, oldestApi) < 0) return { kind: "too-old", theirs };
  const theirMinimum = version?.MinAPIVersion ?? oldestApi;
  if (compareApi(theirMinimum, newestApi) > 0) return { kind: "too-new", theirMinimum };
  return { kind: "agreed", apiVersion: compareApi(theirs, newestApi) < 0 ? theirs : newestApi };
}

/** An engine that refuses before it says its version does so in words, as JSON or as plain text. */
export function negotiationOfRefusal(message: string): Negotiation | undefined {
  const tooNew = /client version [\d.]+ is too new\. Maximum supported API version is (\d+\.\d+)/.exec(
    message,
  );
  if (tooNew?.[1]) return { kind: "too-old", theirs: tooNew[1] };
  const tooOld = /client version [\d.]+ is too old\. Minimum supported API version is (\d+\.\d+)/.exec(
    message,
  );
  if (tooOld?.[1]) return { kind: "too-new", theirMinimum: tooOld[1] };
  return undefined;
}

export function isPodman(version: VersionAnswer): boolean {
  return version.Components?.some((component) => /podman/i.test(component.Name ?? "")) ?? false;
}

/** "1.9" is older than "1.44": both numbers are compared as numbers. */
export function compareApi(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split(".").map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split(".").map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}
