import { z } from 'zod';
import { MOST_EXAMPLES } from '../../core/quarantine.js';
import { operation } from '../operation.js';
import { dataset, datasetSummary, quarantine } from '../schemas/datasets.js';
import { listOf, pageInput } from '../schemas/lists.js';
import { logLine } from '../schemas/run-events.js';
import { runAddress } from '../schemas/runs.js';

export const DATASET_OPERATIONS = {
  listDatasets: operation({
    method: 'get',
    path: '/v1/datasets',
    tag: 'datasets',
    role: 'viewer',
    summary: 'Lists datasets, the latest first.',
    input: z.object({
      name: z.string().min(1).max(500).optional(),
      contract: z.string().min(1).max(500).optional(),
      pipeline: z.string().min(1).max(500).optional().describe('Only those that its runs made or found.'),
      ...pageInput,
    }),
    result: listOf(datasetSummary),
    errors: ['PIPELINE_UNKNOWN'],
  }),
  getDataset: operation({
    method: 'get',
    path: '/v1/datasets/{dataset}',
    tag: 'datasets',
    role: 'viewer',
    summary: 'Shows one dataset: its columns, what it was made from and what was made of it, its quality and its loads.',
    input: z.object({ dataset: z.string().min(1).max(1100).describe('Its `uri`.') }),
    result: dataset,
    errors: ['DATASET_UNKNOWN'],
  }),
  listQuarantine: operation({
    method: 'get',
    path: '/v1/runs/{run}/quarantine',
    tag: 'quarantine',
    role: 'operator',
    summary: 'Shows the rows that a run rejected: why, how many, and some of them. They are data, so a viewer may not.',
    input: z.object({
      run: runAddress,
      step: z.string().min(1).max(500).optional().describe('Only this step: `validate:orders`, or `orders`.'),
      limit: z.coerce.number().int().min(0).max(MOST_EXAMPLES).default(10).describe('Rows of each step.'),
    }),
    result: quarantine,
    errors: ['RUN_UNKNOWN', 'QUARANTINE_UNKNOWN', 'SERVICE_BUSY'],
  }),
  listRunLog: operation({
    method: 'get',
    path: '/v1/runs/{run}/log',
    tag: 'runs',
    role: 'viewer',
    summary: 'Lists what a run did and logged, in order of time.',
    input: z.object({ run: runAddress, ...pageInput }),
    result: listOf(logLine),
    errors: ['RUN_UNKNOWN'],
  }),
} as const;
