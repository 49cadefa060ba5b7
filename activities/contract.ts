import type { Contract } from '../src/config/contract.js';
import { TerminalError } from '../src/core/errors.js';
import type { Services } from './services.js';

/** @throws TerminalError CONTRACT_UNKNOWN */
export function findContract({ project }: Pick<Services, 'project'>, name: string): Contract {
  const contract = project.config.contracts[name];
  if (contract) return contract;
  throw new TerminalError(
    'CONTRACT_UNKNOWN',
    `The config has no contract "${name}". It has: ${Object.keys(project.config.contracts).join(', ') || 'none'}. Correct the name, or add it to \`contracts\`.`,
  );
}
