"""An order service in 60 lines, in the place of broker-order:

    apt install python3-pika python3-kafka
    mybroker replace broker-order -- python3 examples/order-service/order_service.py
"""
import json, os, threading, urllib.error, urllib.request, uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
import kafka, pika

env, orders, lock = os.environ, {}, threading.Lock()
EXCHANGE, TO_EXCHANGE, RESULTS, EVENTS = "exchange.broker.orders", "b3.matching.engine", "mq-b3-to-broker", "order-events-v1"
events = kafka.KafkaProducer(bootstrap_servers=env["KAFKA_BROKERS"].split(","), acks="all")

def connect():
    url, login = urlsplit(env["RABBITMQ_URL"]), pika.PlainCredentials(env["RABBITMQ_USER"], env["RABBITMQ_PASSWORD"])
    return pika.BlockingConnection(pika.ConnectionParameters(url.hostname, url.port, credentials=login, heartbeat=0))

def call(method, url, body=None, **headers):
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), method=method,
        headers={"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)

def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")

def tell(order, **result):
    known = ("orderId", "userId", "ticker", "quantity", "price", "side", "status")
    more = ("executedPrice", "executionId", "executedQuantity", "cumQuantity", "leavesQuantity", "reason")
    event = {**{name: order[name] for name in known}, "executedPrice": None, **{name: result[name] for name in more if name in result}}
    events.send(EVENTS, json.dumps({**event, "eventTimestamp": now()}).encode(), order["userId"].encode()).get(10)

def place(wish, token):
    user = call("GET", env["IDENTITY_URL"] + "/api/v1/auth/me", authorization=token)
    price = wish.get("price") or round(call("GET", f"{env['ASSET_URL']}/api/v1/assets/{wish['ticker']}/price", authorization=token)["price"] * 1.05, 2)
    order = {**wish, "orderId": str(uuid.uuid4()), "userId": user["userId"], "price": price, "status": "PENDING", "cumQuantity": 0}
    hold = {name: order[name] for name in ("userId", "ticker", "side", "quantity")} | {"unitPrice": price}
    call("PUT", f"{env['WALLET_URL']}/internal/v1/reservations/{order['orderId']}", hold, x_service_token=env["SERVICE_TOKEN"])
    orders[order["orderId"]] = order
    tell(order)
    message = {name: order[name] for name in ("orderId", "ticker", "quantity", "price", "side")} | {"messageId": str(uuid.uuid4()), "eventTimestamp": now()}
    with lock:
        publisher.basic_publish(EXCHANGE, TO_EXCHANGE, json.dumps(message).encode(), pika.BasicProperties(delivery_mode=2), mandatory=True)
    return order

def take(channel, method, _, body):
    result = json.loads(body)
    order = orders.get(result["orderId"])
    if order and result["status"] not in ("ACCEPTED", "CANCEL_REJECTED"):
        order.update(status=result["status"], cumQuantity=result.get("cumQuantity") or order["quantity"])
        tell(order, **result)
    channel.basic_ack(method.delivery_tag)

class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.answer(*((200, {"status": "ready"}) if self.path.startswith("/health") else (200, orders[self.path[15:]]) if self.path[15:] in orders else (404, {"code": "NOT_FOUND"})))
    def do_POST(self):
        try:
            self.answer(201, place(json.loads(self.rfile.read(int(self.headers["content-length"]))), self.headers["authorization"]))
        except urllib.error.HTTPError as refusal:
            self.answer(refusal.code, json.load(refusal))
    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status), self.send_header("content-type", "application/json"), self.send_header("content-length", str(len(text)))
        self.end_headers(), self.wfile.write(text)

publisher, results = connect().channel(), connect().channel()
publisher.confirm_delivery()
results.basic_qos(prefetch_count=100)
results.basic_consume(RESULTS, take)
threading.Thread(target=results.start_consuming, daemon=True).start()
ThreadingHTTPServer((env["HOST"], int(env["PORT"])), Api).serve_forever()
