import { defineUpdate } from '@temporalio/workflow';
import type { DecideInput, SteerInput, Steered } from '../src/core/steering.js';

/** Lets the run start no more steps. */
export const pauseUpdate = defineUpdate<Steered, [SteerInput]>('pause');

/** Lets a paused run go on. */
export const resumeUpdate = defineUpdate<Steered, [SteerInput]>('resume');

/** Decides about a step that waits. */
export const decideUpdate = defineUpdate<Steered, [DecideInput]>('decide');
