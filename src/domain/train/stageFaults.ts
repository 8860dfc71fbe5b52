/** Why a stage of an experiment can't run with this data, model or device. */
export type StageFault =
  /** The stage's strategy trains no parameter of the model. */
  | { kind: 'nothing-trained'; stage: number }
  | { kind: 'too-many-frozen-layers'; stage: number; frozen: number; layers: number }
  /** The rank of the stage's adapters exceeds the smaller side of a matrix. */
  | { kind: 'lora-rank-too-large'; stage: number; rank: number; width: number }
  /** The stage asks for LoRA and for mixed precision. */
  | { kind: 'lora-needs-full-precision'; stage: number }
  /** A token of the stage's prefix is in the model's vocabulary. */
  | { kind: 'prefix-token-known'; stage: number; token: string }
  /**
   * The prefix has more tokens than `most`, the number for which the experiment's length limit leaves room beside a
   * text.
   */
  | { kind: 'prefix-too-many-tokens'; stage: number; tokens: number; most: number }
  /** The prefix of the stage differs from that of stage `first`. */
  | { kind: 'prefix-differs'; stage: number; first: number }
  /** The model's tokenizer can't take the tokens of a prefix: it is not a WordPiece tokenizer, or it changes them. */
  | { kind: 'prefix-tokenizer'; stage: number }
  /** The run trained a prefix from this stage on. Its weights can't be blended with the base's, which lack its rows. */
  | { kind: 'blend-has-prefix'; stage: number }
  /** Negatives are to be compared, but all stages train on scored pairs, which have none. */
  | { kind: 'negatives-need-pairs' }
  /** The stage's loss uses explicit negatives, but the stage has none. */
  | { kind: 'loss-needs-negatives'; stage: number }
  /** The model that mines the stage's negatives is not stored. */
  | { kind: 'miner-missing'; stage: number; contentSha256: string }
  /** The model whose scores mask the stage's false negatives is not stored. */
  | { kind: 'guide-missing'; stage: number; contentSha256: string }
  /** The stage distils a teacher's scores, but no teacher is chosen. */
  | { kind: 'teacher-not-chosen'; stage: number }
  /** The teacher whose scores the stage distils is not stored. */
  | { kind: 'teacher-missing'; stage: number; contentSha256: string }
  /** The stage distils scores of the data, which only imported negatives have, but its negatives are others or none. */
  | { kind: 'teacher-scores-need-imported'; stage: number }
  /** The stage distils scores of the data, and `missing` of its pairs, the first of them `id`, have none. */
  | { kind: 'teacher-scores-missing'; stage: number; id: string; missing: number; pairs: number }
  /** Only `found` negatives of the pair `id` have scores and can be used, fewer than the stage needs. */
  | { kind: 'teacher-scores-too-few'; stage: number; id: string; found: number; perAnchor: number }
  /** The stage distils scores among a question's own explicit negatives, and the stage has none. */
  | { kind: 'distillation-needs-negatives'; stage: number }
  /** The stage's loss compares only a question's own explicit negatives, and the stage has none. */
  | { kind: 'loss-needs-triplets'; stage: number }
  /** The stage trains on explicit negatives, but its loss compares only pairs. */
  | { kind: 'loss-takes-pairs'; stage: number; negatives: number }
  /** A Matryoshka prefix of `prefix` numbers is longer than the model's vectors of `dimension`. */
  | { kind: 'prefix-too-long'; stage: number; prefix: number; dimension: number }
  /** AnglE reads the two halves of a vector as real and imaginary parts, but its length is odd. */
  | { kind: 'angle-needs-even-vectors'; stage: number; dimension: number }
  /** A stage that trains on scored pairs has fewer of them than a batch. */
  | { kind: 'too-few-scored-pairs'; stage: number; pairs: number; batchSize: number }
  /**
   * A stage cannot compare its scored pairs: a score is not a number or is beyond ±`largest`, or all scores are
   * `equal`.
   */
  | ({ kind: 'scores-unusable'; stage: number } & ({ id: string; found: string; largest: number } | { equal: number }))
  /**
   * The run is to stop early by dev, but dev is not evaluated during training, because it `lacks` an interval or
   * questions.
   */
  | { kind: 'early-stop-without-dev'; lacks: 'interval' | 'questions' }
  /** The warm-up of a stage has more steps than the stage. */
  | { kind: 'warmup-too-long'; stage: number; warmup: number; steps: number }
  /** The stage asks for mixed precision, but the device has only float32. */
  | { kind: 'half-unavailable'; stage: number };
