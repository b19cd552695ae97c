import { createHash, timingSafeEqual } from "node:crypto";
import type { SessionBody, UserBody } from "../../../contracts/rest.js";
import { Problem, refuse } from "../../shared/http/problem.js";
import { makeId } from "../../shared/make-id.js";
import { addFailure, secondsToWait } from "../domain/login-limit.js";
import { type Account, normalizeEmail, readName } from "../domain/user.js";
import { createGate, type Gate } from "./gate.js";
import type { Accounts, Passwords, Tokens } from "./ports.js";

export interface Registration {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

export interface Identity {
  /** @throws Problem 409 EMAIL_TAKEN, 422 INVALID_FIELD */
  register(registration: Registration): Promise<SessionBody>;
  /** @throws Problem 401 INVALID_CREDENTIALS whatever is wrong; 429 TOO_MANY_ATTEMPTS */
  login(credentials: { email: string; password: string }): Promise<SessionBody>;
  findUser(userId: string): Promise<UserBody | undefined>;
  /** Newest first, those made before the one with the id `before`. */
  listUsers(page: { readonly before: string; readonly limit: number }): Promise<UserBody[]>;
  /** Makes the administrator, and gives that account and all that have the seed password the present one. */
  ensureAdmin(admin: Omit<Registration, "password">): Promise<void>;
}

export interface IdentityParts {
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  readonly tokens: Tokens;
  /** SEED_USER_PASSWORD: whoever registers with it follows its changes, the CLI's users before all. */
  readonly seedPassword: string;
}

export function createIdentity({ accounts, passwords, tokens, seedPassword }: IdentityParts): Identity {
  const isSeedPassword = createComparison(seedPassword);
  const inTurn = createTurns();
  const openSession = async (user: UserBody) => ({ token: await tokens.issue(user), ...user });
  return {
    async register(registration) {
      const name = readName(registration.name);
      if (name === undefined)
        throw refuse("INVALID_FIELD", "name is empty, or has characters that cannot be seen.", "name");
      const email = normalizeEmail(registration.email);
      if ((await accounts.findByEmail(email)) !== undefined) throw emailTaken;
      // The same work for the seed password: how long an answer takes would tell who guesses, past all login limits.
      const passwordHash = await passwords.hash(registration.password);
      const hasSeedPassword = isSeedPassword(registration.password);
      const account: Account = { userId: makeId(), name, email, role: "USER", passwordHash, hasSeedPassword };
      if (!(await accounts.add(account))) throw emailTaken;
      return openSession(toUser(account));
    },
    login({ email: written, password }) {
      const email = normalizeEmail(written);
      // One after another, so that many at once do not all pass before the first has failed.
      return inTurn(email, async () => {
        const failures = await accounts.findFailures(email);
        const wait = secondsToWait(failures, Date.now());
        if (wait > 0) throw tooManyAttempts(wait);
        const account = await accounts.findByEmail(email);
        const right = await passwords.verify(password, account?.passwordHash);
        if (account === undefined || !right) {
          await accounts.setFailures(email, addFailure(failures, Date.now()));
          throw invalidCredentials;
        }
        if (failures !== undefined) await accounts.clearFailures(email);
        return openSession(toUser(account));
      });
    },
    async findUser(userId) {
      const account = await accounts.findById(userId);
      return account === undefined ? undefined : toUser(account);
    },
    listUsers: async (page) => (await accounts.list(page)).map(toUser),
    async ensureAdmin({ name, email }) {
      const known = await accounts.findByEmail(email);
      const isMarked = known?.role === "ADMIN" && known.hasSeedPassword;
      if (isMarked && (await passwords.verify(seedPassword, known.passwordHash))) return;
      const passwordHash = await passwords.hash(seedPassword);
      const account = { userId: makeId(), name, email, passwordHash, hasSeedPassword: true };
      const added = await accounts.add({ ...account, role: "ADMIN" });
      if (!added) await accounts.changeSeedPassword(email, passwordHash);
    },
  };
}

function toUser({ userId, name, email, role }: Account): UserBody {
  return { userId, name, email, role };
}

/** Says nothing by how long it takes; compared as scrypt gets them. */
function createComparison(secret: string): (password: string) => boolean {
  const digest = (text: string) => createHash("sha256").update(text.normalize("NFC")).digest();
  const expected = digest(secret);
  return (password) => timingSafeEqual(digest(password), expected);
}

/** Work with the same key runs one after another. */
function createTurns() {
  const gates = new Map<string, { gate: Gate; users: number }>();
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const entry = gates.get(key) ?? {
      gate: createGate({ atOnce: 1, waiting: 20, refuse: () => tooManyAttempts(1) }),
      users: 0,
    };
    gates.set(key, entry);
    entry.users += 1;
    try {
      return await entry.gate.pass(work);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) gates.delete(key);
    }
  };
}

const emailTaken = new Problem({
  status: 409,
  code: "EMAIL_TAKEN",
  title: "There is an account with this address.",
  field: "email",
});
/** Says no more for a known address than for an unknown one. */
const invalidCredentials = new Problem({
  status: 401,
  code: "INVALID_CREDENTIALS",
  title: "Email or password is wrong.",
});

function tooManyAttempts(retryAfterSeconds: number): Problem {
  const title = `Too many logins failed: try again in ${retryAfterSeconds} s.`;
  return new Problem({ status: 429, code: "TOO_MANY_ATTEMPTS", title, retryAfterSeconds });
}
