import type * as v from 'valibot';
import type { Evaluation } from '../evaluate/evaluation';
import type { StoredModel } from '../model';
import type { Dataset, Row } from '../records';
import type { RunEvent, RunRecord } from '../run';
import type { runEventSchema } from './eventSchemas';
import type { checkpointSchemas, evaluationSchema, runSchema } from './runSchemas';
import type { datasetSchema, modelSchemas, rowSchemas } from './contentSchemas';
import type { SameFields } from './sameFields';

/** A checkpoint in a project file of the current format. */
export type SavedCheckpoint = v.InferOutput<(typeof checkpointSchemas)[2]>;
/** A model in a project file of the current format. */
export type SavedModel = v.InferOutput<(typeof modelSchemas)[2]>;

type AllTrue<Checks extends readonly true[]> = Checks;

/** Does not compile if a record has a field that its schema lacks, because such a record could not be opened again. */
export type CompleteSchemas = AllTrue<
  [
    SameFields<v.InferOutput<typeof runSchema>, RunRecord>,
    SameFields<v.InferOutput<typeof runEventSchema>, RunEvent>,
    SameFields<v.InferOutput<typeof evaluationSchema>, Evaluation>,
    SameFields<v.InferOutput<typeof datasetSchema>, Dataset>,
    SameFields<v.InferOutput<(typeof modelSchemas)[1]>, StoredModel>,
    SameFields<v.InferOutput<(typeof rowSchemas)[keyof typeof rowSchemas]>, Row>,
  ]
>;
