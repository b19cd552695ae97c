import { ByteWriter } from "./byte-writer.js";
import { frameEnd, frameOverheadBytes, frameTypes } from "./frame-reader.js";
import { type MethodArguments, type MethodName, writeMethod } from "./method-codec.js";

export interface Content {
  /** Flags and properties of the content header. */
  readonly properties: Buffer;
  readonly body: Buffer;
}

const heartbeatFrame = Buffer.from([frameTypes.heartbeat, 0, 0, 0, 0, 0, 0, frameEnd]);
const basicClass = 60;

function writeFrame(writer: ByteWriter, type: number, channel: number, write: () => void): void {
  writer.octet(type);
  writer.short(channel);
  writer.sized(write);
  writer.octet(frameEnd);
}

export function heartbeat(): Buffer {
  return heartbeatFrame;
}

/** A method frame. */
export function methodFrame<Name extends MethodName>(
  channel: number,
  name: Name,
  values: Partial<MethodArguments<Name>>,
): Buffer {
  const writer = new ByteWriter(128);
  writeFrame(writer, frameTypes.method, channel, () => writeMethod(writer, name, values));
  return writer.finish();
}

/** A method with its content: header and body frames of at most `frameMaxBytes`. */
export function contentFrames<Name extends MethodName>(
  channel: number,
  method: { readonly name: Name; readonly arguments: Partial<MethodArguments<Name>> },
  content: Content & { readonly frameMaxBytes: number },
): Buffer {
  const { properties, body } = content;
  const pieceBytes = content.frameMaxBytes - frameOverheadBytes;
  const bodyFrames = Math.ceil(body.length / pieceBytes);
  const writer = new ByteWriter(
    512 + properties.length + body.length + (bodyFrames + 2) * frameOverheadBytes,
  );
  writeFrame(writer, frameTypes.method, channel, () => writeMethod(writer, method.name, method.arguments));
  writeFrame(writer, frameTypes.header, channel, () => {
    writer.short(basicClass);
    writer.short(0);
    writer.longlong(BigInt(body.length));
    writer.raw(properties);
  });
  for (let at = 0; at < body.length; at += pieceBytes) {
    writeFrame(writer, frameTypes.body, channel, () => writer.raw(body.subarray(at, at + pieceBytes)));
  }
  return writer.finish();
}
