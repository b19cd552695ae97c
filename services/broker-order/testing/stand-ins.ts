import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { ReservationBody } from "../../../contracts/rest.js";

type Handle = (request: IncomingMessage, body: unknown) => Answer | Promise<Answer>;
/** undefined: the connection is cut without an answer. */
type Answer = { readonly status: number; readonly body: unknown } | undefined;

interface StandIn {
  readonly url: string;
  close(): Promise<void>;
}

async function serve(handle: Handle): Promise<StandIn> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const result = await handle(request, text === "" ? undefined : JSON.parse(text));
    if (result === undefined) return void request.socket.destroy();
    response.writeHead(result.status, { "content-type": "application/json" });
    response.end(JSON.stringify(result.body));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function problem(status: number, code: string): Answer {
  return { status, body: { type: "about:blank", title: `Stand-in: ${code}.`, status, code, requestId: "-" } };
}

export interface Identity extends StandIn {
  /** A token of this user; its lifetime as jose has it, default "15m". */
  tokenOf(userId: string, lifetime?: string): Promise<string>;
}

export async function startIdentity(): Promise<Identity> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA");
  const key = { ...(await exportJWK(publicKey)), kid: "test", alg: "EdDSA", use: "sig" };
  const server = await serve(() => ({ status: 200, body: { keys: [key] } }));
  return {
    ...server,
    tokenOf: (userId, lifetime = "15m") =>
      new SignJWT({ name: userId, email: `${userId}@mybroker.example`, role: "USER" })
        .setProtectedHeader({ alg: "EdDSA", kid: "test" })
        .setSubject(userId)
        .setIssuer("mybroker")
        .setAudience("mybroker")
        .setIssuedAt()
        .setExpirationTime(lifetime)
        .sign(privateKey),
  };
}

export interface AssetService extends StandIn {
  /** "down": every connection is cut. */
  state: "up" | "down";
  /** Authorization headers of what was asked. */
  readonly tokens: string[];
}

/** PETR4 at R$ 38.50 with PETR4F, VALE3 inactive, BBAS3 without a price; nothing else. */
export async function startAssets(): Promise<AssetService> {
  const share = { name: "Share", kind: "SHARE", lotSize: 100, tick: 0.01, status: "ACTIVE" };
  const assets: Record<string, object> = {
    PETR4: share,
    PETR4F: { ...share, lotSize: 1 },
    VALE3: { ...share, status: "INACTIVE" },
    BBAS3: share,
  };
  const service: { state: AssetService["state"]; readonly tokens: string[] } = { state: "up", tokens: [] };
  const server = await serve(({ url = "", headers }) => {
    if (service.state === "down") return undefined;
    service.tokens.push(headers.authorization ?? "");
    const [, ticker = "", price] = /^\/api\/v1\/assets\/(\w+)(\/price)?$/.exec(url) ?? [];
    const asset = assets[ticker];
    if (asset === undefined || (price && ticker === "BBAS3")) return problem(404, "NOT_FOUND");
    const updatedAt = new Date().toISOString();
    return {
      status: 200,
      body: price ? { ticker, price: 38.5, updatedAt, stale: false } : { ticker, ...asset },
    };
  });
  return Object.assign(service, server);
}

export interface WalletService extends StandIn {
  readonly reservations: Map<string, ReservationBody | "RELEASED">;
  /** Comes first, for each request; what it gives is answered in place of the rest. */
  before(method: string, orderId: string): Answer | Promise<Answer | "go on"> | "go on";
  /** Comes after a reservation is held and before that is answered, unless it is to be cut off. */
  held(orderId: string): unknown;
  /** service tokens of what was asked */
  readonly tokens: string[];
}

/** Holds without looking at any balance; remembers what was released. */
export async function startWallet(): Promise<WalletService> {
  const wallet: Omit<WalletService, "url" | "close"> = {
    reservations: new Map(),
    before: () => "go on",
    held: () => {},
    tokens: [],
  };
  const server = await serve(async ({ method = "", url = "", headers }, body) => {
    const orderId = url.split("/").at(-1) ?? "";
    wallet.tokens.push(String(headers["x-service-token"]));
    const first = await wallet.before(method, orderId);
    if (first !== "go on") return first;
    if (method === "DELETE") {
      wallet.reservations.set(orderId, "RELEASED");
      return { status: 200, body: { orderId, state: "RELEASED" } };
    }
    if (wallet.reservations.get(orderId) === "RELEASED") return problem(409, "RELEASED");
    wallet.reservations.set(orderId, body as ReservationBody);
    if ((await wallet.held(orderId)) === "cut off") return undefined;
    return { status: 200, body: { orderId, state: "HELD" } };
  });
  return Object.assign(wallet, server);
}

export const refuseFunds = () => problem(422, "NO_FUNDS");
export const failInside = () => problem(500, "INTERNAL");
