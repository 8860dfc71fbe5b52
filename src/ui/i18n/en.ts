import { benchmarkTexts } from './en/benchmark';
import { commonTexts, headerTexts, paletteTexts, errorsTexts, timeTexts } from './en/common';
import { compareTexts } from './en/compare';
import { deviceTexts } from './en/device';
import { deviceCheckTexts } from './en/deviceCheck';
import { doctorTexts } from './en/doctor';
import { blendTexts } from './en/blend';
import { evaluateTexts } from './en/evaluate';
import { experimentTexts } from './en/experiment';
import { homeTexts } from './en/home';
import { importTexts } from './en/import';
import { jobTexts } from './en/job';
import { kernelsTexts } from './en/kernels';
import { negativesTexts } from './en/negatives';
import { reportTexts, linkTexts } from './en/report';
import { resultReportTexts } from './en/resultReport';
import { playgroundTexts } from './en/playground';
import { probeTexts } from './en/probe';
import { questionsTexts } from './en/questions';
import { scoresTexts } from './en/scores';
import { mapTexts } from './en/map';
import { speedTexts } from './en/speed';
import { runsTexts } from './en/runs';
import { settingsTexts } from './en/settings';
import { splitTexts } from './en/split';
import { stagesTexts, nextTexts } from './en/stages';
import { projectTexts, storageTexts } from './en/storage';
import { sweepTexts } from './en/sweep';
import { tokenizeTexts } from './en/tokenize';
import { strategyTexts } from './en/strategy';
import { trainTexts } from './en/train';

/**
 * The English texts. Their type is that of every dictionary, so the Chinese texts have the same keys and parameters.
 */
export const en = {
  common: commonTexts,
  header: headerTexts,
  palette: paletteTexts,
  home: homeTexts,
  stages: stagesTexts,
  experiment: experimentTexts,
  next: nextTexts,
  import: importTexts,
  negatives: negativesTexts,
  split: splitTexts,
  tokenize: tokenizeTexts,
  strategy: strategyTexts,
  train: trainTexts,
  runs: runsTexts,
  sweep: sweepTexts,
  doctor: doctorTexts,
  job: jobTexts,
  evaluate: evaluateTexts,
  compare: compareTexts,
  blend: blendTexts,
  scores: scoresTexts,
  speed: speedTexts,
  map: mapTexts,
  playground: playgroundTexts,
  probe: probeTexts,
  questions: questionsTexts,
  report: reportTexts,
  resultReport: resultReportTexts,
  link: linkTexts,
  settings: settingsTexts,
  storage: storageTexts,
  project: projectTexts,
  benchmark: benchmarkTexts,
  kernels: kernelsTexts,
  device: deviceTexts,
  deviceCheck: deviceCheckTexts,
  errors: errorsTexts,
  time: timeTexts,
};
