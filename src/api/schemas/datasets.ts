import { z } from 'zod';
import { jsonValue, time } from './lists.js';

export const datasetSummary = z
  .object({
    uri: z.string().describe('By which it is known: its place in staging.'),
    name: z.string(),
    content: z.string().describe('sha256 of what it holds.'),
    contract: z.string().nullable(),
    rows: z.number().nullable(),
    bytes: z.number(),
    reproducible: z.boolean(),
    createdAt: time,
  })
  .meta({ id: 'DatasetSummary' });

export const reason = z
  .object({ code: z.string(), path: z.string(), message: z.string(), rows: z.number() })
  .meta({ id: 'RejectReason' });

const related = z
  .object({ uri: z.string().describe('Of a table: `table:` and its name.'), name: z.string() })
  .meta({ id: 'RelatedDataset' });

export const dataset = datasetSummary
  .extend({
    key: z.string().describe('By which a later run finds it before it does the work.'),
    schema: z.string(),
    contractHash: z.string().nullable(),
    engine: z.string(),
    columns: z.array(z.looseObject({ name: z.string(), type: z.string(), nullable: z.boolean() })),
    range: jsonValue.describe('The slice of its source, where it was read by a cursor.'),
    parents: z.array(related).describe('What it was made from.'),
    children: z.array(related).describe('What was made of it.'),
    steps: z
      .array(
        z.object({
          workflowId: z.string(),
          runId: z.string(),
          step: z.string(),
          pipeline: z.string().nullable(),
          partition: z.string().nullable(),
          finishedAt: time.nullable(),
        }),
      )
      .describe('The steps that made it or found it, the latest first.'),
    quality: z.object({ rowsRead: z.number(), accepted: z.number(), rejected: z.number(), reasons: z.array(reason) }).nullable(),
    loads: z
      .array(
        z.object({
          loadId: z.string(),
          target: z.string(),
          mode: z.string(),
          partition: z.string().nullable(),
          rows: z.number(),
          loadedAt: time,
          workflowId: z.string(),
          runId: z.string(),
        }),
      )
      .describe('Loads of what it holds, the latest first.'),
  })
  .meta({ id: 'Dataset' });

const rejectedRow = z
  .object({
    source: z.string().describe('The source file.'),
    line: z.number().describe('In it.'),
    byte: z.number().nullable().describe('Where a malformed line begins.'),
    number: z.number().nullable().describe('By which an exported row is known.'),
    reasons: z.array(z.looseObject({ code: z.string(), path: z.string(), message: z.string() })),
    row: jsonValue.describe('Its values, shortened; the text of a malformed line.'),
  })
  .meta({ id: 'RejectedRow' });

export const quarantine = z
  .object({
    workflowId: z.string(),
    runId: z.string(),
    steps: z.array(
      z.object({
        step: z.string(),
        dataset: z.string(),
        contract: z.string().nullable(),
        rowsRead: z.number(),
        accepted: z.number(),
        rejected: z.number(),
        reasons: z.array(reason),
        replays: z
          .array(z.object({ target: z.string(), rows: z.number(), at: time, workflowId: z.string(), runId: z.string() }))
          .describe('Rows that came back since.'),
        sample: z.array(rejectedRow).nullable().describe('Null where the rows are gone from staging.'),
      }),
    ),
  })
  .meta({ id: 'Quarantine' });
