import { AmqpError } from "../wire/amqp-error.js";
import { methodFrame } from "../wire/frame-writer.js";
import type { Method, MethodArguments, MethodName } from "../wire/method-codec.js";
import { emptyTable, type Table } from "../wire/table.js";
import { type Account, isAccount, mechanisms } from "./authenticate.js";
import { hasCapability, negotiate, offered, serverProperties } from "./tuning.js";

/** "AMQP", then 0-9-1. */
export const protocolHeader = Buffer.from("AMQP\0\0\x09\x01", "latin1");

type Step = "tuned" | "open" | "refused" | undefined;

/** The opening of a connection (AMQP 0-9-1 section 2.2.4): start, tune, open. */
export class Handshake {
  clientProperties: Table = emptyTable;
  tuning: MethodArguments<"connection.tune"> = offered;
  readonly #account: Account;
  readonly #send: (frame: Buffer) => void;
  readonly #onRefusedLogin: () => void;
  #expected: MethodName = "connection.start-ok";

  constructor(account: Account, send: (frame: Buffer) => void, onRefusedLogin: () => void) {
    this.#account = account;
    this.#send = send;
    this.#onRefusedLogin = onRefusedLogin;
  }

  start(): void {
    const start = {
      versionMajor: 0,
      versionMinor: 9,
      serverProperties,
      mechanisms: Buffer.from(mechanisms),
      locales: Buffer.from("en_US"),
    };
    this.#send(methodFrame(0, "connection.start", start));
  }

  /**
   * "refused": a wrong login by a client that does not know connection.close as its answer, who is disconnected later.
   * @throws AmqpError 403, 503 or 530
   */
  receive(method: Method): Step {
    if (method.name !== this.#expected) {
      throw new AmqpError(503, `expected ${this.#expected}, received ${method.name}`);
    }
    if (method.name === "connection.start-ok") return this.#login(method.arguments);
    if (method.name === "connection.tune-ok") {
      this.tuning = negotiate(method.arguments);
      this.#expected = "connection.open";
      return "tuned";
    }
    if (method.name !== "connection.open") return undefined;
    const { virtualHost } = method.arguments;
    if (virtualHost !== "/") throw new AmqpError(530, `vhost ${virtualHost} not found`);
    this.#send(methodFrame(0, "connection.open-ok", {}));
    return "open";
  }

  #login({ clientProperties, mechanism, response }: MethodArguments<"connection.start-ok">): Step {
    this.clientProperties = clientProperties;
    if (!isAccount(this.#account, mechanism, response)) {
      this.#onRefusedLogin();
      if (!hasCapability(clientProperties, "authentication_failure_close")) return "refused";
      throw new AmqpError(
        403,
        `Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`,
      );
    }
    this.#expected = "connection.tune-ok";
    this.#send(methodFrame(0, "connection.tune", offered));
    return undefined;
  }
}
