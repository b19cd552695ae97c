import { type Logger, pino } from "pino";
import { oneOf } from "../../kit/settings.js";
import type { ServiceContext } from "./service.js";
import { currentTrace } from "./trace.js";

/**
 * `log.info({ orderId }, "placed")`: fields first, then the message. What a line is about goes into fields: orderId,
 * userId, error (an Error).
 */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error" | "level" | "isLevelEnabled">;

/**
 * A logger of JSON lines {level, time, service, msg, requestId, traceparent, …}, the last two of the current trace.
 * LOG_LEVEL: debug, info (default), warn, error or silent.
 * @throws SettingError
 */
export function createLog(name: string, context: Pick<ServiceContext, "env" | "writeLog">): Log {
  const readLevel = oneOf("LOG_LEVEL", ["debug", "info", "warn", "error", "silent"], "info");
  return pino(
    {
      level: readLevel(context.env),
      base: { service: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
      mixin: () => currentTrace() ?? {},
    },
    { write: (line: string) => context.writeLog(line.trimEnd()) },
  );
}
