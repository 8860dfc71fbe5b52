/** Functions of a wasm module, by name. */
export type KernelFunctions = Record<string, (...numbers: number[]) => void>;
