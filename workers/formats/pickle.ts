import { own, type Said } from '../../src/domain/errorWords';
import { PickleBytes } from './pickleBytes';
import { PickleStack } from './pickleStack';
import {
  isPickledKind,
  isPickledSize,
  pickledSizes,
  pickledStorageTypes,
  type PickledTensor,
  type PickledValue,
} from './pickledValues';
import { modelError } from './modelError';

/** The only functions and classes that a pickle may name. None of them is called; PickleReader does their work. */
const globals = new Set([
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_tensor_v3',
  'torch._utils._rebuild_parameter',
  'collections.OrderedDict',
]);
const storageGlobal = /^torch\.(?:storage\.)?([A-Za-z0-9]+Storage)$/;
/** Element types that have no storage class of their own, such as torch.float8_e4m3fn. */
const dtypeGlobal = /^torch\.((?:bfloat|u?int|float|complex)[0-9][A-Za-z0-9_]*)$/;

/** Opcodes that a state dict of tensors does not need, with their names for error messages. */
const refusedNames: Record<number, string> = {
  0x46: 'FLOAT',
  0x49: 'INT',
  0x4c: 'LONG',
  0x50: 'PERSID',
  0x53: 'STRING',
  0x69: 'INST',
  0x6f: 'OBJ',
  0x81: 'NEWOBJ',
  0x82: 'EXT1',
  0x83: 'EXT2',
  0x84: 'EXT4',
  0x8c: 'SHORT_BINUNICODE',
  0x92: 'NEWOBJ_EX',
  0x93: 'STACK_GLOBAL',
  0x94: 'MEMOIZE',
  0x95: 'FRAME',
};

/**
 * Reads the pickles that torch.save writes for a state dict. This is not an unpickler: it executes nothing, knows only
 * the opcodes and names that such a file needs, and refuses all others with `pickle-unsupported`. PickleStack
 * limits the number of values that it builds.
 */
export class PickleReader {
  readonly #bytes: PickleBytes;
  #stack: PickleStack;

  constructor(
    private readonly file: string,
    bytes: ArrayBuffer,
  ) {
    this.#bytes = new PickleBytes(bytes);
    this.#stack = new PickleStack(file);
  }

  /** Offset of the first byte after the pickle that was read last. */
  get position(): number {
    return this.#bytes.position;
  }

  /** Reads the next pickle. A file may contain several in a row, each with its own memo. */
  next(): PickledValue {
    this.#stack = new PickleStack(this.file);
    try {
      for (;;) {
        const opcode = this.#bytes.uint8();
        if (opcode === 0x2e) return this.#stack.pop(); // STOP
        this.#run(opcode);
      }
    } catch (thrown) {
      if (thrown instanceof RangeError) throw this.#invalid(own('pickle-ends'));
      throw thrown;
    }
  }

  #invalid(found: Said): Error {
    return modelError(this.file, 'pickle-invalid', { found });
  }

  #refused(found: Said): Error {
    return modelError(this.file, 'pickle-unsupported', { found });
  }

  #run(opcode: number): void {
    if (!this.#runScalar(opcode) && !this.#runContainer(opcode) && !this.#runObject(opcode)) {
      const code = `0x${opcode.toString(16).padStart(2, '0')}`;
      const name = refusedNames[opcode];
      throw this.#refused(own('opcode', name === undefined ? code : `${name} (${code})`));
    }
  }

  #runScalar(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.#bytes.uint8() > 5) throw this.#invalid(own('protocol-unknown'));
        return true;
      case 0x4e: // NONE
        this.#stack.push(null);
        return true;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        this.#stack.push(opcode === 0x88);
        return true;
      case 0x4b: // BININT1
        this.#stack.push(this.#bytes.uint8());
        return true;
      case 0x4d: // BININT2
        this.#stack.push(this.#bytes.uint8() + 256 * this.#bytes.uint8());
        return true;
      case 0x4a: // BININT
        this.#stack.push(this.#bytes.uint32() | 0);
        return true;
      case 0x8a: // LONG1
        this.#stack.push(this.#bytes.long());
        return true;
      case 0x47: // BINFLOAT
        this.#stack.push(this.#bytes.float64());
        return true;
      case 0x58: // BINUNICODE
        this.#stack.push(this.#bytes.text(this.#bytes.uint32()));
        return true;
      default:
        return false;
    }
  }

  #runContainer(opcode: number): boolean {
    switch (opcode) {
      case 0x28: // MARK
        this.#stack.mark();
        return true;
      case 0x29: // EMPTY_TUPLE
        this.#stack.makeTuple(0);
        return true;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.#stack.makeTuple(opcode - 0x84);
        return true;
      case 0x74: // TUPLE
        this.#stack.push({ kind: 'tuple', items: this.#stack.popMark() });
        return true;
      case 0x5d: // EMPTY_LIST
        this.#stack.push({ kind: 'list', items: [] });
        return true;
      case 0x61: // APPEND
        this.#append([this.#stack.pop()]);
        return true;
      case 0x65: // APPENDS
        this.#append(this.#stack.popMark());
        return true;
      case 0x7d: // EMPTY_DICT
        this.#stack.push({ kind: 'dict', entries: new Map() });
        return true;
      case 0x73: // SETITEM
        this.#stack.makeTuple(2);
        this.#setItems(this.#stack.popKind('tuple').items);
        return true;
      case 0x75: // SETITEMS
        this.#setItems(this.#stack.popMark());
        return true;
      default:
        return false;
    }
  }

  #append(items: PickledValue[]): void {
    const list = this.#stack.popKind('list');
    for (const item of items) list.items.push(item);
    this.#stack.push(list);
  }

  #setItems(items: PickledValue[]): void {
    const dict = this.#stack.popKind('dict');
    if (items.length % 2 !== 0) throw this.#invalid(own('key-without-value'));
    for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i] ?? null, items[i + 1] ?? null);
    this.#stack.push(dict);
  }

  #runObject(opcode: number): boolean {
    switch (opcode) {
      case 0x71: // BINPUT
        this.#stack.remember(this.#bytes.uint8());
        return true;
      case 0x72: // LONG_BINPUT
        this.#stack.remember(this.#bytes.uint32());
        return true;
      case 0x68: // BINGET
        this.#stack.recall(this.#bytes.uint8());
        return true;
      case 0x6a: // LONG_BINGET
        this.#stack.recall(this.#bytes.uint32());
        return true;
      case 0x63: // GLOBAL
        this.#global(`${this.#bytes.line()}.${this.#bytes.line()}`);
        return true;
      case 0x52: // REDUCE
        this.#reduce();
        return true;
      case 0x51: // BINPERSID
        this.#storage();
        return true;
      case 0x62: // BUILD: torch attaches the modules' versions to the state dict; the tensors do not need them.
        this.#stack.popKind('dict');
        this.#stack.push(this.#stack.popKind('dict'));
        return true;
      default:
        return false;
    }
  }

  #global(name: string): void {
    if (!globals.has(name) && !storageGlobal.test(name) && !dtypeGlobal.test(name)) throw this.#refused(name);
    this.#stack.push({ kind: 'global', name });
  }

  #reduce(): void {
    const { items } = this.#stack.popKind('tuple');
    const { name } = this.#stack.popKind('global');
    if (name === 'collections.OrderedDict' && items.length === 0)
      this.#stack.push({ kind: 'dict', entries: new Map() });
    else if (name === 'torch._utils._rebuild_tensor_v2') this.#stack.push(this.#tensor(items));
    else if (name === 'torch._utils._rebuild_tensor_v3') this.#stack.push(this.#untypedTensor(items));
    else if (name === 'torch._utils._rebuild_parameter' && isPickledKind(items[0], 'tensor'))
      this.#stack.push(items[0]);
    else throw this.#refused(own('call-of', name));
  }

  /**
   * Builds a tensor from the arguments of _rebuild_tensor_v2: storage, offset, shape, strides, requires_grad,
   * backward_hooks and, in newer files, metadata.
   */
  #tensor([storage, offset, shapeTuple, strideTuple]: PickledValue[]): PickledTensor {
    const shape = pickledSizes(shapeTuple);
    const strides = pickledSizes(strideTuple);
    if (
      !isPickledKind(storage, 'storage') ||
      !isPickledSize(offset) ||
      shape?.length !== strides?.length ||
      !shape ||
      !strides
    )
      throw this.#invalid(own('stored-tensor-invalid'));
    return { kind: 'tensor', storage, offset, shape, strides };
  }

  /**
   * Builds a tensor from the arguments of _rebuild_tensor_v3, which torch 2 writes for element types without a storage
   * class: those of _rebuild_tensor_v2 with the element type after the hooks.
   */
  #untypedTensor(items: PickledValue[]): PickledTensor {
    const type = items[6];
    const dtype = isPickledKind(type, 'global') ? dtypeGlobal.exec(type.name)?.[1] : undefined;
    if (dtype === undefined) throw this.#invalid(own('stored-tensor-invalid'));
    return { ...this.#tensor(items), dtype };
  }

  /**
   * Replaces a persistent id on the stack with its storage. The id is ('storage', class, key, device, elements). Before
   * torch 1.6 it had a sixth item, which is None unless the storage is a view of another one.
   */
  #storage(): void {
    const [tag, type, key, , elements, viewOf = null] = this.#stack.popKind('tuple').items;
    const className = isPickledKind(type, 'global') ? storageGlobal.exec(type.name)?.[1] : undefined;
    if (tag !== 'storage' || className === undefined || typeof key !== 'string' || !isPickledSize(elements))
      throw this.#invalid(own('persistent-id-invalid'));
    if (viewOf !== null) throw this.#refused(own('storage-view'));
    this.#stack.push({ kind: 'storage', dtype: pickledStorageTypes[className] ?? className, key, elements });
  }
}
