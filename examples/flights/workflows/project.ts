import { pipelines } from 'millrace';
import type project from '../millrace.config';

// The project's types, and none of its values: contracts and drivers stay out of the workflow sandbox.
export const pipeline = pipelines<typeof project>();
