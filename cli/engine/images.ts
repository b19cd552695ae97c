export interface ImageSummary {
  readonly id: string;
  readonly tags: readonly string[];
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ImageDetails extends ImageSummary {
  /** What its containers have where they say nothing else; keys as the Engine API spells them. */
  readonly config: Record<string, unknown>;
}

export interface PullOptions {
  readonly platform?: string;
  readonly signal?: AbortSignal;
}

export interface PullProgress {
  readonly layer: string;
  readonly phase: "waiting" | "downloading" | "extracting" | "done" | "present";
  readonly currentBytes?: number;
  readonly totalBytes?: number;
}

/** A tar as bytes, or as they come (unknown: tar-stream's pack() yields bytes and does not say so in its types). */
export type TarSource = AsyncIterable<unknown> | Uint8Array;

export interface BuildOptions {
  readonly tar: TarSource;
  readonly dockerfile: string;
  readonly tag: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly networkMode?: string;
  readonly signal?: AbortSignal;
}

/** What the registry of an image says of it. */
export type RegistryAnswer =
  | { readonly kind: "present" | "missing" | "unauthorized" | "rate-limited" }
  | { readonly kind: "unreachable"; readonly reason: string };
