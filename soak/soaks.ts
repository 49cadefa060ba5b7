import type { Soak } from './soak.js';

/** Every soak by name; each is loaded only when it is asked for. */
export const SOAKS: Readonly<Record<string, () => Promise<Soak>>> = {
  steps: async () => (await import('./steps/soak.js')).soak,
};
