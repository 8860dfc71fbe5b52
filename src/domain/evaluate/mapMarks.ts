import type { QuestionResult } from './evaluation';
import { firstRank } from './metrics';

/** What colours the questions of a map. */
export const mapColours = ['correct', 'gain', 'topic'] as const;
export type MapColour = (typeof mapColours)[number];

/** Places on the map beyond the topics that have a colour of their own share one. */
export const topicColours = 7;

/** How a point is drawn. Its shape tells it apart as well as its colour does. */
export type Mark = 'passage' | 'up' | 'down' | 'same' | `topic-${number}`;

/** The shapes of marks. Topics are the last ones; the topics that share a colour are frames. */
export const mapShapes = [
  'dot',
  'ring',
  'square',
  'diamond',
  'triangle',
  'upturned',
  'plus',
  'cross',
  'frame',
] as const;
export type MapShape = (typeof mapShapes)[number];

/** Returns the shape of a mark. No two marks that are on the map together have the same. */
export function shapeOf(mark: Mark): MapShape {
  if (mark === 'passage') return 'dot';
  if (mark === 'same') return 'ring';
  if (mark === 'up') return 'triangle';
  if (mark === 'down') return 'cross';
  return mapShapes[2 + Number(mark.slice('topic-'.length))] ?? 'frame';
}

type Results = ReadonlyMap<string, Pick<QuestionResult, 'ranks'>>;

/** Returns the topics by how many questions they have; those beyond the last colour are left to share it. */
export function topicsOf(questions: readonly { topic: string | null }[]): string[] {
  const counts = new Map<string, number>();
  for (const { topic } of questions) if (topic !== null) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([topic]) => topic);
}

/** Returns the mark of a question. `same` stands for one that has no result, or no topic. */
export function markOf(
  question: { id: string; topic: string | null },
  colour: MapColour,
  { results, before, topics }: { results: Results; before: Results; topics: readonly string[] },
): Mark {
  if (colour === 'topic') {
    if (question.topic === null) return 'same';
    return `topic-${Math.min(topicColours - 1, Math.max(0, topics.indexOf(question.topic)))}`;
  }
  const result = results.get(question.id);
  if (!result) return 'same';
  const rank = firstRank(result.ranks);
  if (colour === 'correct') return rank === 1 ? 'up' : 'down';
  const earlier = before.get(question.id);
  if (!earlier) return 'same';
  const old = firstRank(earlier.ranks);
  return rank < old ? 'up' : rank > old ? 'down' : 'same';
}
