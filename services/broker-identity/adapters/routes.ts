import Type from "typebox";
import {
  LoginBody,
  PageQuery,
  ProblemBody,
  pageOf,
  RegisterBody,
  SessionBody,
  UserBody,
} from "../../../contracts/rest.js";
import { type Users, unauthorized, userOf } from "../../shared/auth/users.js";
import type { App } from "../../shared/http/open-server.js";
import { readId, readPage } from "../../shared/http/pages.js";
import type { Identity } from "../app/identity.js";
import type { JwtTokens } from "./jwt-tokens.js";

const base = "/api/v1/auth";
/** Ids are UUIDs of version 7, in the order in which they were made. */
const afterAllIds = "g";
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
  app.get(
    `${base}/users`,
    {
      preHandler: users.requireAdmin,
      schema: { querystring: PageQuery, response: { 200: pageOf(UserBody) } },
    },
    (request) =>
      readPage(request.query, {
        readCursor: readId,
        find: ({ limit, before = afterAllIds }) => identity.listUsers({ before, limit }),
        toCursor: ({ userId }) => userId,
        show: (user) => user,
      }),
  );
  app.get("/.well-known/jwks.json", { schema: { response: { 200: KeySet } } }, async (_request, reply) => {
    reply.header("cache-control", "public, max-age=300");
    return keySet as never;
  });
}
