/** A secret as logs and URLs may have it. What is too short to be told from a word the redactor leaves alone. */
export function formsOfSecret(secret: string): string[] {
  if (secret === "") return [];
  const bytes = Buffer.from(secret, "utf8");
  return [
    ...new Set([
      secret,
      encodeURIComponent(secret),
      bytes.toString("base64"),
      bytes.toString("base64url"),
      bytes.toString("hex"),
    ]),
  ];
}
