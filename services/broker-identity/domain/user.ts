import type { Role } from "../../../contracts/rest.js";

export interface Account {
  readonly userId: string;
  readonly name: string;
  /** As normalizeEmail has it: unique. */
  readonly email: string;
  readonly role: Role;
  readonly passwordHash: string;
  /** Its password is SEED_USER_PASSWORD, and becomes what that becomes. */
  readonly hasSeedPassword: boolean;
}

/** One account per address, however its letters are written. */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** What no screen can show, half a character, and what turns the direction of the text around it. */
const unseen = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|\p{Bidi_Control}/u;

/** Without spaces around it; undefined where nothing is left, or where it has what is unseen. */
export function readName(name: string): string | undefined {
  const trimmed = name.trim();
  return trimmed === "" || unseen.test(trimmed) ? undefined : trimmed;
}
