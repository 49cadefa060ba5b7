import { pipelines } from 'millrace';
import type project from '../millrace.config';

export const pipeline = pipelines<typeof project>();
