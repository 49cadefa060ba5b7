import type { z } from 'zod';
import type { Scalar } from '../core/filter.js';
import type { Contract } from './contract.js';

/** The datasets a transform reads, by the names it uses for them. */
export type TransformInputs = Readonly<Record<string, Contract>>;

/** The run's parameters as a transform sees them: as its own `params` declare, or simple values by name. */
export type TransformParams<P extends z.ZodObject | undefined = undefined> = P extends z.ZodObject
  ? Readonly<z.output<P>>
  : Readonly<Record<string, Scalar>>;

/** What every transform declares: what it reads and what it makes. */
export interface TransformBase<I extends TransformInputs, O extends Contract> {
  readonly inputs: I;
  readonly output: O;
}
