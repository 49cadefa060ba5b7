import { defineConfig } from 'vitest/config';

// Without it vitest takes the config of the repository that this example lies in.
export default defineConfig({});
