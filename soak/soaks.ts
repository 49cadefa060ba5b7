import type { Soak } from './soak.js';

/** Every soak by name; each is loaded only when it is asked for. */
export const SOAKS: Readonly<Record<string, () => Promise<Soak>>> = {
  waits: async () => (await import('./waits/waits.js')).waits,
  pool: async () => (await import('./pool/index.js')).soak,
  triggers: async () => (await import('./triggers/triggers.js')).triggers,
  alerts: async () => (await import('./alerts/alerts.js')).alerts,
  steps: async () => (await import('./steps/soak.js')).soak,
};
