export interface DevTextIds {
  questions: string[];
  passages: string[];
}

/** The beginnings of texts, by id. */
export interface DevTexts {
  questions: Map<string, string>;
  passages: Map<string, string>;
}
