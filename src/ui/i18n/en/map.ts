import { formatCount } from '../format';
import { count } from './count';

export const mapTexts = {
  title: 'Map',
  intro: 'Passages and dev questions as a model sees them: what it finds similar lies close together.',
  needed: 'There is no map of this model yet. It is computed once and kept, and reuses stored vectors.',
  draw: 'Draw the map',
  what: {
    load: 'Preparing',
    encode: 'Encoding texts',
    neighbours: 'Finding the nearest texts',
    project: 'Laying out the map',
    place: 'Placing further passages',
  },
  warning:
    'Distances on a map are only approximate: trust the lists of found passages, not gaps or the sizes of clusters.',
  sizes: (projected: number, placed: number, leftOut: number) =>
    [
      `${count(projected, 'text')} projected by UMAP`,
      ...(placed > 0 ? [`${formatCount(placed)} placed by their neighbours`] : []),
      ...(leftOut > 0 ? [`${formatCount(leftOut)} left out`] : []),
    ].join(', ') + '.',
  notCompared: 'This model was not compared on dev yet, so it is not known which questions it answers.',
  noWebGl: 'This browser can’t draw the map, because it has no WebGL. The texts are listed below.',
  colour: 'Colour',
  colours: { correct: 'Right', gain: 'Gain', topic: 'Topic' },
  legend: {
    passage: 'Passage',
    correct: {
      up: 'Question, right passage first',
      down: 'Question, right passage not first',
      same: 'Question, no result',
    },
    gain: { up: 'Better than the base model', down: 'Worse than the base model', same: 'Unchanged or no result' },
    topic: { same: 'Question without a topic' },
  },
  otherTopics: 'other topics',
  lasso: 'Draw a lasso',
  picture: 'Map of passages and questions',
  keys: 'Arrow keys move, + and − zoom, 0 shows all, Enter lists what is visible.',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  whole: 'Show all',
  visible: 'List what is visible',
  point: 'Point at a question to see its text and lines to what it finds.',
  list: (questions: number, passages: number) => `${count(questions, 'question')}, ${count(passages, 'passage')}`,
  rank: (rank: string) => `rank ${rank}`,
  foundBy: (questions: number) =>
    questions === 0 ? 'No dev question finds this passage.' : `Found by ${count(questions, 'dev question')}:`,
  pages: 'Pages of the list',
};
