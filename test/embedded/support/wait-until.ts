/** Looks every 10 ms. @throws Error after 15 s, or the limit, naming what was waited for */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  { what = "a condition", limitMs = 15_000 }: { readonly what?: string; readonly limitMs?: number } = {},
): Promise<void> {
  const untilMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > untilMs) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
