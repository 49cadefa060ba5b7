import { createHash } from 'node:crypto';
import type { RowsTransform } from '../config/rows.js';
import { contractHash } from '../contracts/hash.js';

/** The versions of a function's contracts, as one text. */
export function contractsOf({ inputs, output }: RowsTransform): string {
  const hash = createHash('sha256');
  for (const [name, contract] of Object.entries(inputs)) hash.update(`${name} ${contractHash(contract).hash}\n`);
  return hash.update(contractHash(output).hash).digest('hex');
}
