import type { Dictionary } from './dictionary';
import { benchmarkTexts } from './zh/benchmark';
import { commonTexts, headerTexts, paletteTexts, errorsTexts, timeTexts } from './zh/common';
import { compareTexts } from './zh/compare';
import { deviceTexts } from './zh/device';
import { deviceCheckTexts } from './zh/deviceCheck';
import { doctorTexts } from './zh/doctor';
import { blendTexts } from './zh/blend';
import { evaluateTexts } from './zh/evaluate';
import { experimentTexts } from './zh/experiment';
import { homeTexts } from './zh/home';
import { importTexts } from './zh/import';
import { jobTexts } from './zh/job';
import { kernelsTexts } from './zh/kernels';
import { negativesTexts } from './zh/negatives';
import { reportTexts, linkTexts } from './zh/report';
import { resultReportTexts } from './zh/resultReport';
import { playgroundTexts } from './zh/playground';
import { probeTexts } from './zh/probe';
import { questionsTexts } from './zh/questions';
import { scoresTexts } from './zh/scores';
import { mapTexts } from './zh/map';
import { speedTexts } from './zh/speed';
import { runsTexts } from './zh/runs';
import { settingsTexts } from './zh/settings';
import { splitTexts } from './zh/split';
import { stagesTexts, nextTexts } from './zh/stages';
import { projectTexts, storageTexts } from './zh/storage';
import { sweepTexts } from './zh/sweep';
import { tokenizeTexts } from './zh/tokenize';
import { strategyTexts } from './zh/strategy';
import { trainTexts } from './zh/train';

export const zh: Dictionary = {
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
