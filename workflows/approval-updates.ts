import { defineUpdate } from '@temporalio/workflow';
import type { Answered, AnswerInput } from '../src/core/approvals.js';

/** Approves what a run waits to be approved. */
export const approveUpdate = defineUpdate<Answered, [AnswerInput]>('approve');

/** Rejects it: the run does not go on with it. */
export const rejectUpdate = defineUpdate<Answered, [AnswerInput]>('reject');
