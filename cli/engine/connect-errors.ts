import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";
import type { EngineAddress } from "./discover.js";
import { EngineError } from "./engine-error.js";
import { isPodman, type Negotiation, oldestApi, type VersionAnswer } from "./negotiate.js";

/** Why the engine at the address cannot be used, in one line with what to type next. */
export function explainConnectFailure(
  error: unknown,
  address: EngineAddress,
  platform: NodeJS.Platform,
): MybrokerError {
  const engineError = error instanceof EngineError ? error : undefined;
  const code = (engineError?.cause as NodeJS.ErrnoException | undefined)?.code;
  const at = place(address);
  const facts = { address, cause: error };
  if (code === "EACCES" || code === "EPERM") {
    return failure("forbidden", `you may not use the Docker Engine at ${at}`, {
      ...facts,
      hint: forbiddenHint(platform),
    });
  }
  if (code === "ENOENT" || code === "ENOTSOCK" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return failure("absent", `there is no Docker Engine at ${at}`, {
      ...facts,
      hint: absentHint(address, platform),
    });
  }
  const words = engineError?.message ?? String(error);
  return failure(
    "not-running",
    `the Docker Engine at ${at} does not answer as it should: ${firstLine(words)}`,
    {
      ...facts,
      hint: startHint(address, platform),
    },
  );
}

export function explainHungEngine(
  address: EngineAddress,
  timeoutMs: number,
  platform: NodeJS.Platform,
): MybrokerError {
  return failure(
    "hung",
    `the Docker Engine at ${place(address)} has not answered within ${timeoutMs / 1000} s`,
    {
      address,
      hint: restartHint(address, platform),
    },
  );
}

/** An engine that answers and with which no common API exists. */
export function explainNegotiation(
  outcome: Exclude<Negotiation, { kind: "agreed" }>,
  address: EngineAddress,
  version: VersionAnswer,
): MybrokerError {
  const at = place(address);
  const name = `${isPodman(version) ? "Podman" : "the Docker Engine"}${version.Version ? ` ${version.Version}` : ""}`;
  if (outcome.kind === "too-old") {
    return failure(
      "too-old",
      `${name} at ${at} speaks API ${outcome.theirs}; mybroker needs ${oldestApi} (Docker Engine 25) or newer`,
      {
        address,
        hint: isPodman(version)
          ? "use a Docker Engine: install it, or choose its context with docker context use NAME"
          : "update Docker: https://docs.docker.com/engine/install/",
      },
    );
  }
  if (outcome.kind === "too-new") {
    return failure(
      "too-new",
      `${name} at ${at} wants API ${outcome.theirMinimum} or newer, which this mybroker does not speak`,
      {
        address,
        hint: "update mybroker: git pull && npm ci",
      },
    );
  }
  return failure("not-running", `what answers at ${at} is not a Docker Engine`, {
    address,
    hint: "look at DOCKER_HOST and docker context ls",
  });
}

function failure(
  what: "absent" | "forbidden" | "hung" | "too-old" | "too-new" | "not-running",
  message: string,
  facts: { address: EngineAddress; hint: string; cause?: unknown },
): MybrokerError {
  return new MybrokerError({
    code: `engine.${what}`,
    message,
    hint: facts.hint,
    exitCode: exitCodes.machine,
    details: { url: facts.address.url, source: facts.address.source },
    cause: facts.cause,
  });
}

function place(address: EngineAddress): string {
  return `${address.url} (${address.source})`;
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").slice(0, 200);
}

function absentHint(address: EngineAddress, platform: NodeJS.Platform): string {
  if (address.source === "DOCKER_HOST") return "correct DOCKER_HOST, or unset it to use the default engine";
  if (address.source.startsWith("context "))
    return `${startHint(address, platform)}; or docker context use default`;
  return "install and start Docker: https://docs.docker.com/get-started/get-docker/ , then {mybroker} up";
}

function forbiddenHint(platform: NodeJS.Platform): string {
  return platform === "linux"
    ? "sudo usermod -aG docker $USER, then log in again; without root: https://docs.docker.com/go/rootless/"
    : "quit and start Docker Desktop, or look at the owner of that socket";
}

/** The product is known by the folder in which it keeps its socket. */
const products: readonly { readonly sign: RegExp; readonly start: string; readonly restart: string }[] = [
  { sign: /[./]colima\//, start: "start it: colima start", restart: "restart it: colima restart" },
  { sign: /\.orbstack\//, start: "start OrbStack", restart: "restart OrbStack" },
  { sign: /\.rd\//, start: "start Rancher Desktop", restart: "restart Rancher Desktop" },
  {
    sign: /\.docker\/|^npipe:/,
    start: "start Docker Desktop and wait until it says running",
    restart: "restart Docker Desktop",
  },
  {
    sign: /^unix:\/\/\/run\/user\//,
    start: "start it: systemctl --user start docker",
    restart: "restart it: systemctl --user restart docker",
  },
  { sign: /^(tcp|https?|ssh):/, start: "start Docker on that host", restart: "restart Docker on that host" },
];

function startHint(address: EngineAddress, platform: NodeJS.Platform): string {
  const product = products.find(({ sign }) => sign.test(address.url));
  if (product) return product.start;
  return platform === "linux" ? "start it: sudo systemctl start docker" : "start Docker Desktop";
}

function restartHint(address: EngineAddress, platform: NodeJS.Platform): string {
  if (address.url.startsWith("ssh:")) return "look whether ssh reaches that host without a question";
  const product = products.find(({ sign }) => sign.test(address.url));
  if (product) return product.restart;
  return platform === "linux" ? "restart it: sudo systemctl restart docker" : "restart Docker Desktop";
}
