import type { Contract } from '../src/config/contract.js';
import { checkOutput } from '../src/contracts/columns.js';
import type { Column } from '../src/core/dataset.js';

/** The columns in which a transform's result is kept, by its output contract. @throws TerminalError TRANSFORM_OUTPUT */
export function settleOutput(_transform: string, contract: Contract, columns: readonly Column[]): readonly Column[] {
  return checkOutput(contract, columns) as unknown as readonly Column[];
}
