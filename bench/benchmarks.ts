import type { Benchmark } from './benchmark.js';

interface Entry {
  readonly summary: string;
  /** What the ratio of a work must be, as people read it. */
  readonly goals?: Readonly<Record<string, string>>;
  readonly open: () => Promise<Benchmark>;
}

/** Every benchmark, by the name it is called by: one folder and one entry each. */
export const BENCHMARKS: Readonly<Record<string, Entry>> = {
  load: {
    summary: 'TPC-H lineitem from CSV, validated by 16 rules, into Postgres; against one-stream COPY',
    goals: { load: '≤ 1.0' },
    open: async () => (await import('./load/load.js')).benchmarkLoad,
  },
  extract: {
    summary: 'TPC-H lineitem from Postgres into Parquet; against DuckDB’s own COPY from the attached database',
    goals: { extract: '≤ 1.15' },
    open: async () => (await import('./extract/extract.js')).benchmarkExtract,
  },
  merge: {
    summary: '150,000 changes merged into 1,500,000 rows, Postgres to Postgres; against COPY and upsert by hand',
    goals: { merge: '≤ 1.3' },
    open: async () => (await import('./merge/merge.js')).benchmarkMerge,
  },
  contracts: {
    summary: 'TPC-H lineitem as staged Parquet, judged by 16 rules, 5 % rejected; against DuckDB without rules',
    goals: { judge: '≤ 1.5, and zod row by row ≥ 10 × as long' },
    open: async () => (await import('./contracts/contracts.js')).benchmarkContracts,
  },
  steps: {
    summary: 'Four trivial steps, one run after the other; against a workflow with four activities by hand',
    goals: { 'four steps': '≤ 1.25' },
    open: async () => (await import('./steps/steps.js')).benchmarkSteps,
  },
  runs: {
    summary: '100 runs of four trivial steps, started together; against the same by hand',
    goals: { '100 runs': '≤ 1.25' },
    open: async () => (await import('./steps/runs.js')).benchmarkRuns,
  },
  service: {
    summary:
      'The client service: 200 reads a second while runs go on, against the 0.1 s that are allowed; 1,000 runs started, against Temporal’s own client',
    goals: { 'p99 of 200 reads a second': '≤ 1, none failed', '1000 runs by HTTP': '≤ 1.25, none twice' },
    open: async () => (await import('./service/service.js')).benchmarkService,
  },
  memory: {
    summary: 'Ten times the rows; against a tenth of them',
    goals: { load: '10 to 11 × the time, ≤ 1.15 × the memory' },
    open: async () => (await import('./memory/memory.js')).benchmarkMemory,
  },
};
