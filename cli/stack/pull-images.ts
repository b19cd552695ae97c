import type { Engine } from "../engine/engine.js";
import { EngineError } from "../engine/engine-error.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { Output } from "../output/output.js";
import { formatBytes, formatDuration } from "../output/units.js";

/** More at once only makes them share one line; the engine itself takes three layers at a time. */
const pullsAtOnce = 4;

export interface PullSetting {
  readonly output: Output;
  readonly signal: AbortSignal;
  now(): number;
}

/** One reference and, where the file names one, its platform. */
export interface WantedImage {
  readonly reference: string;
  readonly platform?: string;
}

/**
 * Pulls in parallel, each reference once, with the bytes of each shown.
 * @returns bytes that came over the network
 * @throws MybrokerError images.pull-failed, exit 3, after the pulls that run have ended
 */
export async function pullImages(
  engine: Engine,
  images: readonly WantedImage[],
  setting: PullSetting,
): Promise<number> {
  const queue = [...new Map(images.map((image) => [image.reference, image])).values()];
  const failures: { reference: string; error: unknown }[] = [];
  let pulledBytes = 0;
  const worker = async (): Promise<void> => {
    for (let image = queue.shift(); image !== undefined && !setting.signal.aborted; image = queue.shift()) {
      try {
        pulledBytes += await pullImage(engine, image, setting);
      } catch (error) {
        failures.push({ reference: image.reference, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(pullsAtOnce, queue.length) }, worker));
  setting.signal.throwIfAborted();
  if (failures.length > 0) throw explainFailures(failures);
  return pulledBytes;
}

async function pullImage(
  engine: Engine,
  image: WantedImage,
  { output, signal, now }: PullSetting,
): Promise<number> {
  const startedMs = now();
  const layers = new Map<string, { current: number; total: number }>();
  const row = { id: `image/${image.reference}`, label: image.reference };
  const sum = (key: "current" | "total"): number =>
    [...layers.values()].reduce((total, layer) => total + layer[key], 0);
  output.progress({ ...row, status: "working", text: "pulling" });
  const options = { signal, ...(image.platform === undefined ? {} : { platform: image.platform }) };
  try {
    for await (const step of engine.pullImage(image.reference, options)) {
      if (step.phase === "present") continue;
      layers.set(step.layer, { current: step.currentBytes ?? 0, total: step.totalBytes ?? 0 });
      const current = sum("current");
      const total = sum("total");
      const remaining = estimateRemaining({ current, total, elapsedMs: now() - startedMs });
      output.progress({
        ...row,
        status: "working",
        text: `pulling ${formatBytes(current)} of ${formatBytes(total)}${remaining}`,
        current,
        total,
      });
    }
  } catch (error) {
    output.progress({ ...row, status: "failed", text: "not pulled" });
    throw error;
  }
  const bytes = sum("total");
  const text =
    bytes === 0 ? "up to date" : `pulled ${formatBytes(bytes)} in ${formatDuration(now() - startedMs)}`;
  output.progress({ ...row, status: "done", text });
  return bytes;
}

/** "   1:10 left", once enough has come to say so. */
function estimateRemaining(seen: { current: number; total: number; elapsedMs: number }): string {
  const { current, total, elapsedMs } = seen;
  if (elapsedMs < 2_000 || current === 0 || current >= total) return "";
  return `   ${formatDuration((elapsedMs / current) * (total - current))} left`;
}

function explainFailures(failures: readonly { reference: string; error: unknown }[]): MybrokerError {
  const lines = failures.map(({ reference, error }) => `${reference}: ${(error as Error).message}`);
  const kinds = failures.map(({ error }) => (error instanceof EngineError ? error.kind : "other"));
  return new MybrokerError({
    code: "images.pull-failed",
    message:
      failures.length === 1
        ? "An image could not be pulled"
        : `${failures.length} images could not be pulled`,
    lines,
    hint: adviseOn(kinds),
    exitCode: exitCodes.machine,
    details: { images: failures.map(({ reference }, index) => ({ reference, kind: kinds[index] })) },
    cause: failures[0]?.error,
  });
}

function adviseOn(kinds: readonly string[]): string {
  if (kinds.includes("rate-limited"))
    return "docker login raises the limit; or set a mirror as IMAGE_REGISTRY in .env";
  if (kinds.includes("manifest-unknown"))
    return "correct the image's name in .env (…_IMAGE) or in the compose file";
  if (kinds.includes("unauthorized")) return "docker login, then repeat the command";
  if (kinds.includes("no-space")) return "make room:  docker system prune     then repeat the command";
  return "what was pulled is kept: repeat the command";
}
