/**
 * Whether a path means to every server what it means to this one. A segment of dots, or a slash in disguise, is
 * resolved by some and not by others, and could lead one of them out of the route that was checked here.
 */
export function isPlainPath(url: string): boolean {
  const path = url.split("?", 1)[0] ?? "";
  return !/\/(?:\.|%2e){1,2}(?:\/|$)|%2f|%5c|\\|\/\//i.test(path);
}
