import type { Benchmark } from './benchmark.js';

interface Entry {
  readonly summary: string;
  readonly open: () => Promise<Benchmark>;
}

/** Every benchmark, by the name it is called by: one folder and one line each. */
export const BENCHMARKS: Readonly<Record<string, Entry>> = {
  load: {
    summary: 'TPC-H lineitem from CSV, validated by 16 rules, into Postgres; against one-stream COPY',
    open: async () => (await import('./load/load.js')).benchmarkLoad,
  },
  extract: {
    summary: 'TPC-H lineitem from Postgres into Parquet; against DuckDB’s own COPY from the attached database',
    open: async () => (await import('./extract/extract.js')).benchmarkExtract,
  },
};
