import { pipelines } from 'millrace';
import type project from '../millrace.config';

export const pipeline = pipelines<typeof project>();

// Attempts end again and again here, and a trial has no time to wait for the next one.
export const retry = { attempts: 1000, initialInterval: '100ms', maximumInterval: '500ms' } as const;
