import { pipeline, type StageName } from '../domain/pipeline';

export type Route =
  | { name: 'home' }
  | { name: 'experiment'; experimentId: string; stage: StageName }
  | { name: (typeof ofExperiment)[number]; experimentId: string }
  /** The screen for questions typed by hand, to an experiment's knowledge base or, if null, to the demo's. */
  | { name: 'try'; experimentId: string | null }
  | { name: 'link'; payload: string }
  | { name: 'settings' }
  | { name: 'storage' }
  | { name: 'benchmark' }
  | { name: 'headless' };

const isStage = (word: string): word is StageName => pipeline.some(({ stage }) => stage === word);

/** Screens of an experiment that are no stages. */
const ofExperiment = ['compare', 'scores', 'speed', 'map'] as const;
const isOfExperiment = (word: string): word is (typeof ofExperiment)[number] =>
  ofExperiment.some((name) => name === word);

function decoded(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? '');
  } catch {
    // A hash typed by hand may contain a broken escape; it is treated as empty.
    return '';
  }
}

/** Returns the screen that a hash names, or the home screen if it names none. */
export function parseRoute(hash: string): Route {
  const [head = '', ...rest] = hash.replace(/^#\/?/, '').split('?')[0]?.split('/') ?? [];
  if (head === 'settings') return { name: 'settings' };
  if (head === 'storage') return { name: 'storage' };
  if (head === 'benchmark') return { name: 'benchmark' };
  if (head === 'headless') return { name: 'headless' };
  if (head === 'link') return { name: 'link', payload: rest.join('/') };
  if (head === 'experiment' && rest[0]) {
    const stage = decoded(rest[1]);
    return { name: 'experiment', experimentId: decoded(rest[0]), stage: isStage(stage) ? stage : 'import' };
  }
  if (head === 'try') return { name: 'try', experimentId: rest[0] ? decoded(rest[0]) : null };
  if (isOfExperiment(head) && rest[0]) return { name: head, experimentId: decoded(rest[0]) };
  return { name: 'home' };
}

export function formatRoute(route: Route): string {
  switch (route.name) {
    case 'home':
      return '#/';
    case 'settings':
      return '#/settings';
    case 'storage':
      return '#/storage';
    case 'benchmark':
      return '#/benchmark';
    case 'headless':
      return '#/headless';
    case 'try':
      return route.experimentId === null ? '#/try' : `#/try/${encodeURIComponent(route.experimentId)}`;
    case 'link':
      return `#/link/${route.payload}`;
    case 'experiment':
      return `#/experiment/${encodeURIComponent(route.experimentId)}/${route.stage}`;
    case 'compare':
    case 'scores':
    case 'speed':
    case 'map':
      return `#/${route.name}/${encodeURIComponent(route.experimentId)}`;
    default:
      return route satisfies never;
  }
}
