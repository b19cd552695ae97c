import { Asset, AssetPrice, ProblemBody, type ReservationBody } from "../../../contracts/rest.js";
import { parseMoney, toPayload } from "../../../kit/money.js";
import { type ClientAnswer, type HttpClient, ServiceUnavailable } from "../../shared/http/client.js";
import { unavailable } from "../../shared/http/problem.js";
import { compile } from "../../shared/validate.js";
import type { Assets, Wallet } from "../app/ports.js";

const readAsset = compile(Asset);
const readPrice = compile(AssetPrice);
const readProblem = compile(ProblemBody);

/** How long an answer of the asset service is taken for the present one. */
const freshMs = 1_000;
const cacheSize = 500;

/** The asset service, asked with the token of the user whose order it is about. */
export function createAssets(client: HttpClient): Assets {
  const get = async (path: string, token: string): Promise<ClientAnswer> => {
    let answer: ClientAnswer;
    try {
      answer = await client.request({ method: "GET", path, token });
    } catch (error) {
      if (!(error instanceof ServiceUnavailable)) throw error;
      throw away();
    }
    if (answer.status !== 200 && answer.status !== 404) throw away();
    return answer;
  };
  return {
    find: rememberShortly(async (ticker, token) => {
      const { status, body } = await get(`/api/v1/assets/${ticker}`, token);
      return status === 404 ? undefined : expectBody(readAsset(body));
    }),
    findPrice: rememberShortly(async (ticker, token) => {
      const { status, body } = await get(`/api/v1/assets/${ticker}/price`, token);
      return status === 404 ? undefined : parseMoney(expectBody(readPrice(body)).price);
    }),
  };
}

function away() {
  return unavailable("ASSET_UNAVAILABLE", "The asset service does not answer; the order is not taken.");
}

function expectBody<T>(checked: { ok: true; value: T } | { ok: false }): T {
  if (!checked.ok) throw away();
  return checked.value;
}

/** Spares a request per order in a busy second; refusals and failures are never remembered. */
function rememberShortly<T>(find: (ticker: string, token: string) => Promise<T | undefined>) {
  const known = new Map<string, { readonly value: T; readonly until: number }>();
  return async (ticker: string, token: string): Promise<T | undefined> => {
    const past = known.get(ticker);
    if (past !== undefined && past.until > Date.now()) return past.value;
    const value = await find(ticker, token);
    if (known.size >= cacheSize) known.clear();
    if (value === undefined) known.delete(ticker);
    else known.set(ticker, { value, until: Date.now() + freshMs });
    return value;
  };
}

/** The wallet's internal routes. */
export function createWallet(client: HttpClient): Wallet {
  const pathOf = (orderId: string) => `/internal/v1/reservations/${orderId}`;
  return {
    async reserve({ orderId, userId, ticker, side, quantity, price }) {
      const body: ReservationBody = { userId, ticker, side, quantity, unitPrice: toPayload(price) };
      const answer = await client.request({ method: "PUT", path: pathOf(orderId), body });
      if (answer.status === 200) return { held: true };
      const problem = readProblem(answer.body);
      // Every other answer says nothing certain about what is held.
      if (answer.status !== 422 || !problem.ok) throw unexpected(answer);
      return { held: false, code: problem.value.code, title: problem.value.title };
    },
    async release(orderId) {
      const answer = await client.request({ method: "DELETE", path: pathOf(orderId) });
      if (answer.status !== 200) throw unexpected(answer);
    },
  };
}

function unexpected({ status }: ClientAnswer): ServiceUnavailable {
  return new ServiceUnavailable("broker-wallet", `it answered ${status}`);
}
