/** A type with no optional field, at any depth. */
type AllRequired<T> = T extends readonly (infer Item)[]
  ? AllRequired<Item>[]
  : T extends object
    ? { [Field in keyof T]-?: AllRequired<T[Field]> }
    : T;

/** True only if two types have the same fields at any depth, optional ones included: a schema must know every field. */
export type SameFields<A, B> = [AllRequired<A>] extends [AllRequired<B>]
  ? [AllRequired<B>] extends [AllRequired<A>]
    ? true
    : false
  : false;
