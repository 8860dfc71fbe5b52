/** The beginnings of the texts of a training row: a pair, or two sentences with a score. */
export interface TrainTexts {
  anchor: string;
  positive: string;
  /** The explicit negatives that the stage trains on, if requested. */
  negatives: string[];
}

export interface TrainTextIds {
  ids: string[];
  withNegatives: boolean;
}
