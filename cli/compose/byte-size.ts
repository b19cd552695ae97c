const multiples: Readonly<Record<string, number>> = {
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
};

/**
 * Bytes of a size as Compose reads it ("512m", "64MB", "1.5 GiB", "100"): every unit is a power of 1024.
 * Undefined for what is no size.
 */
export function parseByteSize(text: string): number | undefined {
  const parts = /^((?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?) ?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text);
  if (parts === null) return undefined;
  const unit = parts[2]?.toLowerCase();
  return Math.trunc(Number(parts[1]) * (unit === undefined ? 1 : (multiples[unit] ?? 1)));
}
