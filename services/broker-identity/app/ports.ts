import type { UserBody } from "../../../contracts/rest.js";
import type { Failures } from "../domain/login-limit.js";
import type { Account } from "../domain/user.js";

export interface Accounts {
  findByEmail(email: string): Promise<Account | undefined>;
  findById(userId: string): Promise<Account | undefined>;
  /** Those with a lower id than `before`, from the highest id on, which is the newest. */
  list(page: { readonly before: string; readonly limit: number }): Promise<Account[]>;
  /** False where the address is taken. */
  add(account: Account): Promise<boolean>;
  /**
   * Gives the account with this address the role ADMIN, and it and all that have the seed password this hash, at once.
   */
  changeSeedPassword(adminEmail: string, passwordHash: string): Promise<void>;
  /** By the address that was tried, whether it has an account or not. */
  findFailures(email: string): Promise<Failures | undefined>;
  setFailures(email: string, failures: Failures): Promise<void>;
  clearFailures(email: string): Promise<void>;
}

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long without a hash, and is false. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

export interface Tokens {
  /** A JWT for 15 minutes. */
  issue(user: UserBody): Promise<string>;
}
