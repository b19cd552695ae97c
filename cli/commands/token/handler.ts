import { openSession } from "../../brokerage/session.js";
import type { CommandHandler } from "../../kernel/command.js";
import { tellRuntime } from "../../runtime/by-runtime.js";

/** `token`: the one line of stdout is for a program; when it ends is said beside it. */
export const printToken: CommandHandler = async (request) => {
  await tellRuntime(request);
  const { brokerage, user, token } = await openSession(request);
  const expiresAt = expiryOf(token);
  request.output.note(`${user.email}, until ${expiresAt ?? "an unknown time"}`);
  return {
    project: brokerage.project,
    data: { user: user.email, userId: user.userId, token, expiresAt },
    text: [token],
  };
};

/** The claim `exp`, read and not checked: that is the services' work. */
function expiryOf(token: string): string | null {
  const [, claims = ""] = token.split(".");
  try {
    const { exp } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as { exp?: unknown };
    return typeof exp === "number" ? new Date(exp * 1000).toISOString() : null;
  } catch {
    return null;
  }
}
