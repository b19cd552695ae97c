import Type from "typebox";
import { LoginBody, ProblemBody, RegisterBody, SessionBody, UserBody } from "../../../contracts/rest.js";
import { type Users, unauthorized, userOf } from "../../shared/auth/users.js";
import type { App } from "../../shared/http/open-server.js";
import type { Identity } from "../app/identity.js";
import type { JwtTokens } from "./jwt-tokens.js";

const base = "/api/v1/auth";
const KeySet = Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.String())) });

export function addRoutes(
  app: App,
  {
    identity,
    users,
    keySet,
  }: { identity: Identity; users: Omit<Users, "close"> } & Pick<JwtTokens, "keySet">,
): void {
  app.post(
    `${base}/register`,
    { schema: { body: RegisterBody, response: { 201: SessionBody, 409: ProblemBody, 422: ProblemBody } } },
    async (request, reply) => {
      reply.code(201);
      return identity.register(request.body);
    },
  );
  app.post(
    `${base}/login`,
    { schema: { body: LoginBody, response: { 200: SessionBody, 401: ProblemBody, 429: ProblemBody } } },
    (request) => identity.login(request.body),
  );
  app.get(
    `${base}/me`,
    { preHandler: users.requireUser, schema: { response: { 200: UserBody, 401: ProblemBody } } },
    async (request) => {
      const user = await identity.findUser(userOf(request).userId);
      if (user === undefined) throw unauthorized;
      return user;
    },
  );
  app.get("/.well-known/jwks.json", { schema: { response: { 200: KeySet } } }, async (_request, reply) => {
    reply.header("cache-control", "public, max-age=300");
    return keySet as never;
  });
}
