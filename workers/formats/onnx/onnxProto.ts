import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Field numbers and enum values in this file come from onnx.proto (ONNX 1.12, IR version 8). */
const onnxType = { float: 1, int64: 7 } as const;
const attributeType = { float: 1, int: 2, ints: 7 } as const;

export type AttributeProto = { name: string } & ({ float: number } | { int: number } | { ints: number[] });

export interface NodeProto {
  opType: string;
  inputs: string[];
  output: string;
  attributes?: AttributeProto[];
}

interface ValueInfoProto {
  name: string;
  type: keyof typeof onnxType;
  /** A string names an axis whose size is not fixed. */
  shape: (number | string)[];
}

export interface InitializerProto {
  name: string;
  type: keyof typeof onnxType;
  shape: number[];
}

type Fields = (writer: BinaryWriter) => void;

function message(writer: BinaryWriter, field: number, fields: Fields): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  fields(writer);
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function integer(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).int64(value);
}

function writeAttribute(writer: BinaryWriter, attribute: AttributeProto): void {
  text(writer, 1, attribute.name);
  if ('float' in attribute) {
    writer.tag(2, WireType.Bit32).float(attribute.float);
    integer(writer, 20, attributeType.float);
  } else if ('int' in attribute) {
    integer(writer, 3, attribute.int);
    integer(writer, 20, attributeType.int);
  } else {
    for (const value of attribute.ints) integer(writer, 8, value);
    integer(writer, 20, attributeType.ints);
  }
}

function writeNode(writer: BinaryWriter, node: NodeProto): void {
  for (const input of node.inputs) text(writer, 1, input);
  text(writer, 2, node.output);
  text(writer, 3, `${node.output}/${node.opType}`);
  text(writer, 4, node.opType);
  for (const attribute of node.attributes ?? []) message(writer, 5, (w) => writeAttribute(w, attribute));
}

function writeValueInfo(writer: BinaryWriter, value: ValueInfoProto): void {
  text(writer, 1, value.name);
  const dimension = (w: BinaryWriter, size: number | string): void =>
    typeof size === 'number' ? integer(w, 1, size) : text(w, 2, size);
  const shape: Fields = (w) => value.shape.forEach((size) => message(w, 1, (inner) => dimension(inner, size)));
  const tensorType: Fields = (w) => {
    integer(w, 1, onnxType[value.type]);
    message(w, 2, shape);
  };
  message(writer, 2, (w) => message(w, 1, tensorType));
}

export interface GraphProto {
  name: string;
  nodes: NodeProto[];
  inputs: ValueInfoProto[];
  outputs: ValueInfoProto[];
}

/** Encodes a GraphProto without its initializers. */
export function graphProtoBytes(frame: GraphProto): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  for (const node of frame.nodes) message(writer, 1, (w) => writeNode(w, node));
  text(writer, 2, frame.name);
  for (const input of frame.inputs) message(writer, 11, (w) => writeValueInfo(w, input));
  for (const output of frame.outputs) message(writer, 12, (w) => writeValueInfo(w, output));
  return writer.finish();
}

function initializerDataBytes({ type, shape }: InitializerProto): number {
  return shape.reduce((product, size) => product * size, type === 'float' ? 4 : 8);
}

/** Encodes an initializer of the graph up to its raw data. The caller appends the data unchanged. */
export function initializerProtoPrefix(initializer: InitializerProto): Uint8Array<ArrayBuffer> {
  const fields = new BinaryWriter();
  for (const size of initializer.shape) integer(fields, 1, size);
  integer(fields, 2, onnxType[initializer.type]);
  text(fields, 8, initializer.name);
  const dataBytes = initializerDataBytes(initializer);
  fields.tag(9, WireType.LengthDelimited).uint64(dataBytes);
  const head = fields.finish();
  return new BinaryWriter()
    .tag(5, WireType.LengthDelimited)
    .uint64(head.length + dataBytes)
    .raw(head)
    .finish();
}

/** Encodes a ModelProto up to the first byte of its graph, which takes `graphLength` bytes. */
export function modelProtoPrefix(
  opset: number,
  producer: { name: string; version: string },
  graphLength: number,
): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  integer(writer, 1, 8);
  text(writer, 2, producer.name);
  text(writer, 3, producer.version);
  message(writer, 8, (w) => {
    text(w, 1, '');
    integer(w, 2, opset);
  });
  return writer.tag(7, WireType.LengthDelimited).uint64(graphLength).finish();
}

/** Returns the encoded size of an initializer, raw data included. */
export function initializerProtoBytes(initializer: InitializerProto): number {
  return initializerProtoPrefix(initializer).length + initializerDataBytes(initializer);
}
