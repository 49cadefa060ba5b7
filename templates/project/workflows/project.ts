import { pipelines } from 'millrace';
import type project from '../millrace.config';

// Only the project's types: its values stay out of Temporal's workflow sandbox.
export const pipeline = pipelines<typeof project>();
