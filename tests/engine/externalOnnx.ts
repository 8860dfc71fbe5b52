import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Field numbers of onnx.proto. */
const graphOfModel = 7;
const initializerOfGraph = 5;
const rawData = 9;
const externalData = 13;
const dataLocation = 14;

/** Copies a message, except the fields of a number, which `change` writes. */
function changed(message: Uint8Array, field: number, change: (bytes: Uint8Array, writer: BinaryWriter) => void) {
  const [reader, writer] = [new BinaryReader(message), new BinaryWriter()];
  while (reader.pos < reader.len) {
    const from = reader.pos;
    const [number, type] = reader.tag();
    if (number === field) change(reader.bytes(), writer);
    else {
      reader.skip(type, number);
      writer.raw(message.subarray(from, reader.pos));
    }
  }
  return writer.finish();
}

function nested(writer: BinaryWriter, field: number, bytes: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).bytes(bytes);
}

/** Moves the numbers of a graph's weights into a file of external data, as the exports of large models have them. */
export function withExternalData(model: Uint8Array, location: string): { graph: Uint8Array; data: Uint8Array } {
  const pieces: Uint8Array[] = [];
  let offset = 0;
  const entry = (key: string, value: string): Uint8Array => {
    const writer = new BinaryWriter();
    return writer.tag(1, WireType.LengthDelimited).string(key).tag(2, WireType.LengthDelimited).string(value).finish();
  };
  const external = (tensor: Uint8Array): Uint8Array =>
    changed(tensor, rawData, (bytes, writer) => {
      if (bytes.length < 64) return nested(writer, rawData, bytes);
      const about = { location, offset: String(offset), length: String(bytes.length) };
      for (const [key, value] of Object.entries(about)) nested(writer, externalData, entry(key, value));
      writer.tag(dataLocation, WireType.Varint).int32(1);
      pieces.push(bytes);
      offset += bytes.length;
    });
  const graph = changed(model, graphOfModel, (bytes, writer) =>
    nested(
      writer,
      graphOfModel,
      changed(bytes, initializerOfGraph, (tensor, inner) => nested(inner, initializerOfGraph, external(tensor))),
    ),
  );
  return { graph, data: new Uint8Array(Buffer.concat(pieces)) };
}
