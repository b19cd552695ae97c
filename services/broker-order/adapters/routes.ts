import Type from "typebox";
import { Id, OrderStatus, Ticker } from "../../../contracts/fields.js";
import { OrderBody, PageQuery, PlaceOrderBody, ProblemBody, pageOf } from "../../../contracts/rest.js";
import { type Users, userOf } from "../../shared/auth/users.js";
import type { Idempotency } from "../../shared/http/idempotency.js";
import type { App } from "../../shared/http/open-server.js";
import { readId, readPage } from "../../shared/http/pages.js";
import { refuse } from "../../shared/http/problem.js";
import { makeId } from "../../shared/make-id.js";
import { cancelOrder, findOwn } from "../app/cancel-order.js";
import { type PlacePorts, type PlaceRequest, placeOrder, recoverOrder } from "../app/place-order.js";
import { Refusal } from "../domain/check-order.js";
import { toOrderBody } from "../domain/order.js";

const OrderPath = Type.Object({ orderId: Id });
const ListQuery = Type.Object(
  { ...PageQuery.properties, status: Type.Optional(OrderStatus), ticker: Type.Optional(Ticker) },
  { additionalProperties: false },
);
const OrderPage = pageOf(OrderBody);

export interface RoutePorts extends PlacePorts {
  readonly users: Pick<Users, "requireUser">;
  readonly idempotency: Idempotency;
}

export function addRoutes(app: App, ports: RoutePorts): void {
  const { store, idempotency } = ports;
  const preHandler = ports.users.requireUser;
  const refusals = { 404: ProblemBody, 422: ProblemBody, 503: ProblemBody };

  app.post(
    "/api/v1/orders",
    { preHandler, schema: { body: PlaceOrderBody, response: { 201: OrderBody, ...refusals } } },
    async (request, reply) => {
      const user = userOf(request);
      const { status, body } = await idempotency.answerOnce({
        request,
        userId: user.userId,
        reference: makeId(),
        work: async (orderId) => created(await place(ports, { orderId, user, body: request.body })),
        recover: async (orderId) => {
          const order = await recoverOrder(ports, orderId);
          return order === undefined ? undefined : created(order);
        },
      });
      return reply.code(status as 201).send(body as OrderBody);
    },
  );

  app.get(
    "/api/v1/orders",
    { preHandler, schema: { querystring: ListQuery, response: { 200: OrderPage } } },
    async (request) => {
      const { limit: _limit, cursor: _cursor, ...filters } = request.query;
      const { userId } = userOf(request);
      return readPage(request.query, {
        readCursor: readId,
        find: (page) => store.list({ ...filters, ...page, userId }),
        toCursor: ({ orderId }) => orderId,
        show: toOrderBody,
      });
    },
  );

  const one = { params: OrderPath, response: { 200: OrderBody, 202: OrderBody, ...refusals } };
  app.get("/api/v1/orders/:orderId", { preHandler, schema: one }, async (request) =>
    toOrderBody(await findOwn(store, request.params.orderId, userOf(request).userId)),
  );
  app.delete("/api/v1/orders/:orderId", { preHandler, schema: one }, async (request, reply) => {
    const order = await cancelOrder(store, request.params.orderId, userOf(request).userId);
    return reply.code(202).send(toOrderBody(order));
  });
}

function created(order: Parameters<typeof toOrderBody>[0]) {
  return { status: 201, body: toOrderBody(order) };
}

async function place(ports: PlacePorts, request: PlaceRequest) {
  try {
    return await placeOrder(ports, request);
  } catch (error) {
    if (error instanceof Refusal) throw refuse(error.code, error.message, error.field);
    throw error;
  }
}
