const nanosecondsPerUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
};

const largestDuration = 2n ** 63n - 1n;

/** Nanoseconds of a Compose duration ("90s", "1h30m", "1.5d", "0"); undefined for what is none. */
export function parseDuration(text: string): bigint | undefined {
  const body = /^[-+]/.test(text) ? text.slice(1) : text;
  if (body === "0") return 0n;
  let total = 0n;
  let rest = body;
  do {
    const part = /^(\d*)(?:\.(\d*))?([^\d.]+)/.exec(rest);
    if (part === null) return undefined;
    const [whole, integer = "", fraction = "", unit = ""] = part;
    const size = nanosecondsPerUnit[unit];
    if (size === undefined || integer + fraction === "") return undefined;
    total +=
      BigInt(integer || "0") * size + (BigInt(fraction || "0") * size) / 10n ** BigInt(fraction.length);
    rest = rest.slice(whole.length);
  } while (rest !== "");
  if (total > largestDuration) return undefined;
  return text.startsWith("-") ? -total : total;
}

/** A duration as Go prints it, which is the form of the project model: "1m30s", "500ms", "0s". */
export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return "0s";
  const sign = nanoseconds < 0n ? "-" : "";
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1_000n)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 1_000_000n)}ms`;
  const minutes = size / 60_000_000_000n;
  const seconds = `${decimal(size % 60_000_000_000n, 1_000_000_000n)}s`;
  if (minutes === 0n) return sign + seconds;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, "0")
    .replace(/0+$/, "");
  return fraction === "" ? `${value / unit}` : `${value / unit}.${fraction}`;
}

/** Milliseconds of a duration of the project model; for waiting and for showing. Throws RangeError for what is none. */
export function durationMs(text: string): number {
  const nanoseconds = parseDuration(text);
  if (nanoseconds === undefined) throw new RangeError(`not a duration: ${text}`);
  return Number(nanoseconds) / 1e6;
}
