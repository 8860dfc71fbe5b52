/** Why something was left out when a project was saved or opened. */
export type ProjectFault =
  /** The run's weights are incomplete or do not match their hash. */
  | 'weights-missing'
  | 'weights-damaged'
  | 'negatives-foreign'
  /** Compared models are neither in the file nor in this browser. */
  | 'candidates-missing'
  /** The file lacks the run's events or its experiment. */
  | 'events-missing'
  | 'experiment-missing'
  /** The run is unfinished, and the project is saved without optimizer state. */
  | 'unfinished'
  /** The experiment names data or a model that neither the file nor this browser has. */
  | 'data-missing'
  | 'model-missing';
