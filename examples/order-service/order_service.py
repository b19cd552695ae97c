"""An order service in some 70 lines, in the place of broker-order:

    apt install python3-pika python3-kafka
    mybroker replace broker-order -- /usr/bin/python3 examples/order-service/order_service.py
"""
import json, os, signal, threading, uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib import error, parse, request
import kafka, pika

env, orders, publishing = os.environ, {}, threading.Lock()
producer = kafka.KafkaProducer(bootstrap_servers=env["KAFKA_BROKERS"].split(","), acks="all")

def open_channel():
    url, login = parse.urlsplit(env["RABBITMQ_URL"]), pika.PlainCredentials(env["RABBITMQ_USER"], env["RABBITMQ_PASSWORD"])
    place = pika.ConnectionParameters(url.hostname, url.port, credentials=login, heartbeat=0)
    return pika.BlockingConnection(place).channel()

def call(method, url, headers, body=None):
    headers, data = {"content-type": "application/json", **headers}, body and json.dumps(body).encode()
    return json.load(request.urlopen(request.Request(url, data, headers, method=method), timeout=5))

def pick(source, names):
    return {name: source[name] for name in names.split() if name in source}

def tell(order, result):
    event = {**pick(order, "orderId userId ticker quantity price side status"), "executedPrice": None,
             **pick(result, "executedPrice executionId executedQuantity cumQuantity leavesQuantity reason"),
             "eventTimestamp": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    producer.send("order-events-v1", json.dumps(event).encode(), order["userId"].encode()).get(10)

def place(wish, user, login):
    price = wish.get("price")
    if price is None:
        latest = call("GET", f"{env['ASSET_URL']}/api/v1/assets/{wish['ticker']}/price", login)["price"]
        price = round(latest * (1.05 if wish["side"] == "BUY" else 0.95), 2)
    order = {**pick(wish, "ticker side quantity"), "orderId": str(uuid.uuid4()), "userId": user, "price": price, "status": "PENDING"}
    reservation = f"{env['WALLET_URL']}/internal/v1/reservations/{order['orderId']}"
    held = {**pick(order, "userId ticker side quantity"), "unitPrice": price}
    call("PUT", reservation, {"x-service-token": env["SERVICE_TOKEN"]}, held)
    orders[order["orderId"]] = order
    tell(order, {})
    message = json.dumps(pick(order, "orderId ticker quantity price side"))
    with publishing:
        publisher.basic_publish("exchange.broker.orders", "b3.matching.engine", message, persistent, mandatory=True)
    return order

def take(channel, delivery, _, body):
    result = json.loads(body)
    order = orders.get(result["orderId"])
    if order and result["status"] not in ("ACCEPTED", "CANCEL_REJECTED"):
        order.update(pick(result, "status executedPrice cumQuantity leavesQuantity reason"))
        tell(order, result)
    channel.basic_ack(delivery.delivery_tag)

class Api(BaseHTTPRequestHandler):
    def do_GET(self, wish=None):
        try:
            login = pick(self.headers, "authorization")
            user = call("GET", f"{env['IDENTITY_URL']}/api/v1/auth/me", login)["userId"]
            mine = {id: order for id, order in orders.items() if order["userId"] == user}
            name, page = parse.urlsplit(self.path).path.split("/")[-1], {"items": [*mine.values()][::-1], "next": None}
            found = place(wish, user, login) if wish else page if name == "orders" else mine.get(name)
            self.answer(404 if found is None else 201 if wish else 200, found or {"code": "NOT_FOUND", "title": "No such order."})
        except error.HTTPError as refusal:
            self.answer(refusal.code, json.load(refusal))
    def do_POST(self):
        self.do_GET(json.loads(self.rfile.read(int(self.headers["content-length"]))))
    def answer(self, status, body):
        self.send_response(status), self.send_header("content-type", "application/json"), self.end_headers()
        self.wfile.write(json.dumps(body).encode())

publisher, results, persistent = open_channel(), open_channel(), pika.BasicProperties(delivery_mode=2)
publisher.confirm_delivery(), results.basic_qos(prefetch_count=100), results.basic_consume("mq-b3-to-broker", take)
threading.Thread(target=results.start_consuming, daemon=True).start()
signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a trace
ThreadingHTTPServer((env["HOST"], int(env["PORT"])), Api).serve_forever()
