/** A secret as texts may have it: as it is, quoted in JSON, and in a URL. */
export function writtenForms(secret: string): string[] {
  const inUrl = encodeURIComponent(Buffer.from(secret, "utf8").toString("utf8"));
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), inUrl])];
}

/**
 * A secret in headers and dumps: hexadecimal, and of base64 the part that is the same whatever stands before and behind
 * the secret, as the user's name does in an Authorization header.
 */
export function encodedForms(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const hex = bytes.toString("hex");
  const inBase64 = [0, 1, 2].flatMap((offset) => {
    const all = Buffer.concat([Buffer.alloc(offset), bytes]);
    const [start, end] = [Math.ceil((offset * 8) / 6), Math.floor((all.length * 8) / 6)];
    return [all.toString("base64").slice(start, end), all.toString("base64url").slice(start, end)];
  });
  return [...new Set([hex, hex.toUpperCase(), ...inBase64])];
}

/** Digits of base64 and base64url, which those of hexadecimal are among, by their code. */
const isDigit = new Uint8Array(128);
for (const digit of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"))
  isDigit[digit] = 1;

/** Whether so many digits follow each other; looks at few of them, because most texts have none. */
export function hasDigits(text: string, count: number): boolean {
  for (let end = count - 1; end < text.length; ) {
    let at = end;
    while (at > end - count && isDigit[text.charCodeAt(at)] === 1) at -= 1;
    if (at === end - count) return true;
    end = at + count;
  }
  return false;
}
