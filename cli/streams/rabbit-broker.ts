import {
  askManagement,
  type ManagementAddress,
  type RabbitmqManagement,
} from "../../kit/rabbitmq-management.js";
import { exitCodes, MybrokerError } from "../errors/mybroker-error.js";

/** One RabbitMQ, as the host reaches it. */
export interface RabbitBroker {
  /** The service's in the compose file. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Default "/". */
  readonly vhost?: string;
  /** Without one a tap and the firehose are refused; streams need none. */
  readonly management?: ManagementAddress;
}

/** @throws MybrokerError rabbitmq.no-management, exit 2 */
export function managementOf({ name, management, vhost }: RabbitBroker): RabbitmqManagement {
  if (management !== undefined) return askManagement(management, vhost === undefined ? {} : { vhost });
  throw new MybrokerError({
    code: "rabbitmq.no-management",
    message: `${name} publishes no port of its management API, which knows what is bound to what`,
    hint: `add  uiPort: 15672  to its x-mybroker and publish that port, then:  {mybroker} up ${name}`,
    exitCode: exitCodes.usage,
  });
}

/** What stands in the way of a connection or of an answer, in words. */
export function explainRabbitFailure(
  { name, host, port, user }: RabbitBroker,
  cause: unknown,
): MybrokerError {
  if (cause instanceof MybrokerError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const { status } = cause as { status?: unknown };
  const refused = status === 401 || status === 403 || /ACCESS[-_]REFUSED|NOT[-_]ALLOWED/.test(reason);
  return new MybrokerError({
    code: refused ? "rabbitmq.refused" : "rabbitmq.unreachable",
    message: refused
      ? `${name} refuses the login of ${user}: ${reason}`
      : `${name} does not answer at ${host}:${port}: ${reason}`,
    hint: `see what is wrong:  {mybroker} doctor`,
    exitCode: exitCodes.machine,
    cause,
  });
}
