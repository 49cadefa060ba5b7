import type { TemporalClient } from '../temporal/connect.js';
import type { OperationServices } from './context.js';

/**
 * In place of a Temporal that can't be reached: runs are as the catalog last knew them, and whatever else is asked of it
 * fails with the error of the attempt to connect.
 */
export function withoutTemporal(error: Error): Pick<OperationServices, 'temporal' | 'states'> {
  const temporal: TemporalClient = {
    get client(): never {
      throw error;
    },
    address: '',
    namespace: '',
    close: async () => undefined,
  };
  return {
    temporal,
    states: {
      offline: true,
      describe: async () => undefined,
      running: async () => [],
      schedules: () => Promise.reject(error),
      triggers: () => Promise.reject(error),
      hasWorker: () => Promise.reject(error),
      hasStepWorker: () => Promise.reject(error),
      queue: () => Promise.reject(error),
      versions: () => Promise.reject(error),
      outcome: () => Promise.reject(error),
      forget: () => undefined,
    },
  };
}
