/** Why a stage of an experiment can't run with this data, model or device. */
export type StageFault =
  /** The stage's strategy trains no parameter of the model. */
  | { kind: 'nothing-trained'; stage: number }
  | { kind: 'too-many-frozen-layers'; stage: number; frozen: number; layers: number }
  /** The stage's loss uses explicit negatives, but its data has none. */
  | { kind: 'loss-needs-negatives'; stage: number }
  /** The stage trains on explicit negatives, but its loss compares pairs only. */
  | { kind: 'loss-takes-pairs'; stage: number; negatives: number }
  /** A Matryoshka prefix of `prefix` numbers is longer than the model's vectors of `dimension`. */
  | { kind: 'prefix-too-long'; stage: number; prefix: number; dimension: number }
  /** The run stops early by dev, but dev is not evaluated during training: it `lacks` an interval or questions. */
  | { kind: 'early-stop-without-dev'; lacks: 'interval' | 'questions' }
  /** The stage asks for mixed precision, but the device has only float32. */
  | { kind: 'half-unavailable'; stage: number };
