import type { Engine } from "../engine/engine.js";
import type { RegistryAnswer } from "../engine/images.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";

/** The whole question to the registries may take this long (docs/commands/up.md). */
const registryTimeoutMs = 5_000;

/**
 * Asks, before anything is created, whether the registries of the missing images answer and have them. Images that
 * are all present cost no network call: pass an empty list.
 * @throws MybrokerError images.unavailable, exit 3
 */
export async function checkMissingImages(engine: Engine, missing: readonly string[]): Promise<void> {
  const answers = await Promise.all(
    missing.map(async (image) => ({ image, answer: await engine.probeRegistry(image, registryTimeoutMs) })),
  );
  const refused = answers.filter(({ answer }) => answer.kind !== "present");
  const first = refused[0];
  if (first === undefined) return;
  throw new MybrokerError({
    code: "images.unavailable",
    message:
      refused.length === 1
        ? `The image ${first.image} is not here and cannot be pulled: ${describeAnswer(first.answer)}`
        : `${refused.length} images are not here and cannot be pulled`,
    lines:
      refused.length === 1 ? [] : refused.map(({ image, answer }) => `${image}: ${describeAnswer(answer)}`),
    hint: adviseOn(first.answer),
    exitCode: exitCodes.machine,
    details: { images: refused.map(({ image, answer }) => ({ image, ...answer })) },
  });
}

/** The images could be had, were the network there: nothing of the user's is wrong. */
export function isUnreachable(error: unknown): error is MybrokerError {
  if (!(error instanceof MybrokerError) || error.code !== "images.unavailable") return false;
  const { images } = error.details as { images: readonly RegistryAnswer[] };
  return images.every(({ kind }) => kind === "unreachable" || kind === "rate-limited");
}

function describeAnswer(answer: RegistryAnswer): string {
  switch (answer.kind) {
    case "present":
      return "present";
    case "missing":
      return "its registry has no such image or tag";
    case "unauthorized":
      return "its registry wants a login, or has no such image";
    case "rate-limited":
      return "its registry refuses more pulls for now (rate limit)";
    case "unreachable":
      return `its registry does not answer (${answer.reason})`;
  }
}

function adviseOn(answer: RegistryAnswer): string {
  switch (answer.kind) {
    case "missing":
      return "correct the image's name in .env (…_IMAGE) or in the compose file";
    case "unauthorized":
    case "rate-limited":
      return "docker login, or set a mirror as IMAGE_REGISTRY in .env, then  {mybroker} up";
    default:
      return "set a mirror as IMAGE_REGISTRY in .env, or load the images (docker load), then  {mybroker} up";
  }
}
