export const runsTexts = {
  settings: 'Settings',
  score: 'Score on dev',
  scoreHelp:
    'The score of the step that was kept, by the metric that keeps weights. Choose settings by this score, not by the test questions.',
  scored: (metric: string, value: string) => `${metric} ${value}`,
  compare: (date: string) => `Compare the run of ${date}`,
  compareHelp: 'Tick two runs to see only the settings in which they differ.',
  differences: 'What differs between the two runs',
  same: 'All settings are the same.',
  setting: 'Setting',
  removeNear: 'Remove near-duplicates',
  cutOffs: 'Values of k in the report',
  joinTitles: 'Title before the text',
  frozen: 'Frozen',
  dropped: 'Negatives dropped by hand',
  yes: 'yes',
  no: 'no',
};
