/** A part of a project file, saved once however many experiments need it. */
export interface ProjectPart {
  key: string;
  bytes: number;
  /** Needed only to resume a run. */
  optimizerState: boolean;
}

/** Contents of the project file of one experiment. */
export interface ProjectContents {
  experimentId: string;
  name: string;
  runs: number;
  /** Number of runs that can be resumed. They are saved only together with the optimizer state. */
  unfinished: number;
  parts: ProjectPart[];
}

/** Returns the approximate size of a project file of the chosen experiments. */
export function projectBytes(
  contents: readonly ProjectContents[],
  chosen: ReadonlySet<string>,
  optimizerState: boolean,
): number {
  const bytes = new Map<string, number>();
  for (const { experimentId, parts } of contents)
    if (chosen.has(experimentId))
      for (const part of parts) if (optimizerState || !part.optimizerState) bytes.set(part.key, part.bytes);
  return [...bytes.values()].reduce((sum, each) => sum + each, 0);
}
