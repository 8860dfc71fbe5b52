import type { RankChange } from '../evaluate/answerAt';
import type { Language } from '../language';

/**
 * A report as headings, paragraphs, tables and charts, with all texts in one language. One function writes it as HTML
 * and another as Markdown; both escape every text.
 */
export interface ReportDocument {
  language: Language;
  title: string;
  /** When and by which program the report was made. */
  subtitle: string;
  /** The sentence that says whether retrieval got better, and the evidence for it. */
  answer: string;
  verdict: { text: string; kind: 'better' | 'worse' | 'none' } | null;
  lead: string[];
  sections: ReportSection[];
  footer: string[];
}

export interface ReportSection {
  title: string;
  blocks: ReportBlock[];
}

export type ReportBlock =
  | { kind: 'text'; text: string; tone?: 'note' | 'warning' }
  | { kind: 'facts'; facts: ReportFact[] }
  /** `texts`: number of columns at the left with words instead of figures; 1 if absent. */
  | { kind: 'table'; head: string[]; rows: string[][]; texts?: number }
  | { kind: 'examples'; examples: ReportExample[] }
  | { kind: 'chart'; chart: ReportChart };

export interface ReportFact {
  label: string;
  value: string;
  /** Whether the value is a hash or a name in code. */
  code?: boolean;
}

/** A question with its passages. */
export interface ReportExample {
  title: string;
  /** The rank of the right passage before and after. */
  note: string;
  change: 'won' | 'lost';
  lines: ReportFact[];
}

export type ReportChart = HitRateChart | RankChart;

interface ChartWords {
  title: string;
  caption: string;
}

/** The kind of a line. As on the page, the states of a run and the keyword search have colours of their own. */
export type SeriesTone = 'before' | 'after' | 'keywords' | 'other';

/** Hit rates with their intervals at each cut-off, from 0 to 1. */
export interface HitRateChart extends ChartWords {
  kind: 'hitRates';
  /** Labels of the cut-offs. */
  ticks: string[];
  series: { label: string; tone: SeriesTone; points: { share: number; low: number; high: number }[] }[];
}

/** One stroke per question from its rank before to its rank after; Infinity if no right passage was found. */
export interface RankChart extends ChartWords {
  kind: 'ranks';
  passages: number;
  k: number;
  strokes: { before: number; after: number; change: RankChange }[];
}
