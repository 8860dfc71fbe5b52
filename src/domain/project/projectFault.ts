/** Why something was left out when a project was saved or opened. */
export type ProjectFault =
  /** The run's weights are incomplete or do not match their hash. */
  | 'weights-missing'
  | 'weights-damaged'
  | 'negatives-foreign'
  /** Compared models are neither in the file nor in this browser. */
  | 'candidates-missing'
  /** Scores of pairs are not as many as the pairs. */
  | 'scores-misfit'
  /** Storing failed once the rest was stored. A second warning has the cause. */
  | 'comparisons-unstored'
  | 'negatives-unstored'
  | 'not-restored'
  /** The experiment here compares models on other pairs than the one in the file. */
  | 'pairs-differ'
  /** The file lacks the run's events or its experiment. */
  | 'events-missing'
  | 'experiment-missing'
  /** The run is unfinished, and the project is saved without optimizer state. */
  | 'unfinished'
  /** The experiment names data or a model that neither the file nor this browser has. */
  | 'data-missing'
  | 'model-missing';
