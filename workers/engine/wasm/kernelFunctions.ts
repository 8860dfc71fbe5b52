export type KernelFunctions = Record<string, (...numbers: number[]) => void>;
