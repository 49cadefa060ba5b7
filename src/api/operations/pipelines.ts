import { z } from 'zod';
import { operation } from '../operation.js';
import { listOf } from '../schemas/lists.js';
import { pipeline } from '../schemas/pipelines.js';

export const PIPELINE_OPERATIONS = {
  listPipelines: operation({
    method: 'get',
    path: '/v1/pipelines',
    tag: 'pipelines',
    role: 'viewer',
    summary: 'Lists the pipelines, with what their runs take and their latest runs.',
    input: z.object({}),
    result: listOf(pipeline),
  }),
  getPipeline: operation({
    method: 'get',
    path: '/v1/pipelines/{pipeline}',
    tag: 'pipelines',
    role: 'viewer',
    summary: 'Shows one pipeline.',
    input: z.object({ pipeline: z.string().min(1) }),
    result: pipeline,
    errors: ['PIPELINE_UNKNOWN'],
  }),
} as const;
