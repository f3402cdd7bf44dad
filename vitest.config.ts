import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // A process per file: the addon keeps loop threads of its own, and a crash must name the file that caused it.
    pool: 'forks',
    // Servers, players and encoders share the machine with the tests.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    passWithNoTests: false,
  },
});
