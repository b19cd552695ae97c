/** Reply codes of AMQP 0-9-1 (constants of the specification). The soft ones end a channel, the others a connection. */
const replyTexts = {
  311: "CONTENT_TOO_LARGE",
  312: "NO_ROUTE",
  320: "CONNECTION_FORCED",
  403: "ACCESS_REFUSED",
  404: "NOT_FOUND",
  405: "RESOURCE_LOCKED",
  406: "PRECONDITION_FAILED",
  501: "FRAME_ERROR",
  502: "SYNTAX_ERROR",
  503: "COMMAND_INVALID",
  504: "CHANNEL_ERROR",
  505: "UNEXPECTED_FRAME",
  506: "RESOURCE_ERROR",
  530: "NOT_ALLOWED",
  540: "NOT_IMPLEMENTED",
  541: "INTERNAL_ERROR",
} as const;

export type ReplyCode = keyof typeof replyTexts;

const channelCodes: readonly ReplyCode[] = [311, 312, 403, 404, 405, 406];

/** What the protocol answers with channel.close or connection.close; the text begins with the code's name. */
export class AmqpError extends Error {
  readonly code: ReplyCode;
  readonly endsConnection: boolean;

  constructor(code: ReplyCode, detail: string) {
    super(`${replyTexts[code]} - ${detail}`);
    this.code = code;
    this.endsConnection = !channelCodes.includes(code);
  }
}
