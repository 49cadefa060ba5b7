import { median, takeTurns, type Benchmark } from '../benchmark.js';
import { table } from '../table.js';
import { quantile, readSteadily, type ReadKind, type Reads } from './reads.js';
import { withSite, type Site } from './sides.js';
import { startMany, type Starts } from './starts.js';
import { watchVisibility } from './visibility.js';

const PER_SECOND = 200;
const WARM_UP_S = 5;
/** What the slowest of a hundred readers may wait. */
const ALLOWED_S = 0.1;
/** What Temporal lets a namespace ask for, lists and counts together. */
const VISIBILITY_PER_SECOND = 10;

interface ReadRound extends Reads {
  readonly visibility: { readonly requests: number; readonly seconds: number; readonly mostOfASecond: number };
  readonly runs: number;
  /** CPU seconds of the service's process. */
  readonly cpuS: number;
}

/** Many who read while runs go on; and many runs started by the service, held against the same by Temporal's own client. */
export const benchmarkService: Benchmark = ({ rounds, scale, notice }) =>
  withSite(notice, async (site) => {
    const count = Math.max(20, Math.round(1000 * scale));
    const seconds = Math.max(3, 60 * scale);
    for (const side of ['service', 'direct'] as const) await startMany({ ...site, side, count: Math.min(20, count) });
    const turns = await takeTurns(
      rounds,
      () => startMany({ ...site, side: 'service', count }),
      () => startMany({ ...site, side: 'direct', count }),
      (round, { millrace, limit }) =>
        notice(`Round ${round + 1} of ${rounds}: ${count} runs in ${told(millrace)} s, without the service ${told(limit)} s`),
    );
    const reads: ReadRound[] = [];
    for (let round = 0; round < rounds; round++) {
      const read = await readWhileRunsGoOn(site, seconds);
      requireGood(read);
      reads.push(read);
      notice(`Round ${round + 1} of ${rounds}: p99 of ${PER_SECOND} reads a second is ${p99(read).toFixed(1)} ms`);
    }
    const peaks = site.peaks.stop();
    const [p99S, runsS, directS] = [
      median(reads.map(p99)) / 1000,
      median(turns.map(({ millrace }) => millrace.seconds)),
      median(turns.map(({ limit }) => limit.seconds)),
    ];
    const peakMiB = peaks['service'] ?? 0;
    const [reading, starting] = [`p99 of ${PER_SECOND} reads a second`, `${count} runs by HTTP`];
    return {
      measurements: [
        { work: reading, tool: 'millrace', medianS: p99S, ratio: p99S / ALLOWED_S, peakMiB },
        { work: reading, tool: 'allowed', medianS: ALLOWED_S, ratio: 1, peakMiB: 0 },
        { work: starting, tool: 'millrace', medianS: runsS, ratio: runsS / directS, peakMiB },
        { work: starting, tool: 'without the service', medianS: directS, ratio: 1, peakMiB: 0 },
      ],
      report: `${readReport(reads, seconds)}\n\n${startReport(turns)}`,
      peaks,
    };
  });

async function readWhileRunsGoOn({ url, millrace, metricsUrl, temporal, service }: Site, seconds: number): Promise<ReadRound> {
  const stop = new AbortController();
  let runs = 0;
  const lane = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const { workflowId, runId } = await millrace.runs.start('unchanged');
      await temporal.client.workflow.getHandle(workflowId, runId).result();
      runs += 1;
    }
  };
  const lanes = Promise.all([lane(), lane()]);
  const known = (await millrace.runs.list({ limit: 200 })).items.map(({ workflowId, runId }) => `${workflowId}@${runId}`);
  // A service answers for days: what it does with its first requests, as code that is compiled, is not what readers meet.
  await readSteadily({ kinds: kindsOf(url, known), perSecond: PER_SECOND, seconds: WARM_UP_S });
  const visibility = await watchVisibility(metricsUrl);
  const before = (await service.usage()).cpuS;
  try {
    const read = await readSteadily({ kinds: kindsOf(url, known), perSecond: PER_SECOND, seconds });
    const cpuS = (await service.usage()).cpuS - before;
    return { ...read, visibility: await visibility.stop(), runs, cpuS };
  } finally {
    stop.abort();
    await lanes;
  }
}

/** What is read, in turns. */
function kindsOf(url: string, known: readonly string[]): ReadKind[] {
  let turn = 0;
  const kind = (name: string, path: string): ReadKind => ({ name, next: () => `${url}${path}` });
  return [
    kind('the latest runs', '/v1/runs?limit=50'),
    kind('runs that failed', '/v1/runs?pipeline=unchanged&status=failed'),
    kind('runs that go on', '/v1/runs?status=running'),
    { name: 'one run', next: () => `${url}/v1/runs/${encodeURIComponent(known[turn++ % known.length] ?? 'none')}` },
    kind('pipelines', '/v1/pipelines'),
    kind('datasets', '/v1/datasets?limit=50'),
    kind('health', '/v1/health'),
  ];
}

function requireGood({ failures, visibility }: ReadRound): void {
  if (failures.length > 0) throw new Error(`${failures.length} reads failed, such as ${failures[0]}`);
  const perSecond = visibility.requests / visibility.seconds;
  if (perSecond > VISIBILITY_PER_SECOND) throw new Error(`Temporal was asked for ${perSecond.toFixed(1)} lists a second.`);
}

function p99({ latenciesMs }: Reads): number {
  return quantile([...latenciesMs.values()].flat(), 0.99);
}

function readReport(reads: readonly ReadRound[], seconds: number): string {
  const of = (name: string): number[] => reads.flatMap(({ latenciesMs }) => latenciesMs.get(name) ?? []);
  const names = [...(reads[0]?.latenciesMs.keys() ?? [])];
  const line = (name: string, values: readonly number[]): string[] => [
    name,
    String(values.length),
    ...[0.5, 0.99, 1].map((share) => quantile(values, share).toFixed(1)),
  ];
  const rows = [...names.map((name) => line(name, of(name))), line('all', names.flatMap(of))];
  const runs = reads.reduce((sum, round) => sum + round.runs, 0);
  const cpuMs = (1000 * reads.reduce((sum, round) => sum + round.cpuS, 0)) / names.flatMap(of).length;
  const asked = reads.reduce((sum, { visibility }) => sum + visibility.requests, 0);
  const time = reads.reduce((sum, { visibility }) => sum + visibility.seconds, 0);
  const most = Math.max(...reads.map(({ visibility }) => visibility.mostOfASecond));
  return [
    `${PER_SECOND} reads a second for ${seconds} s a round, from when each was due; none failed`,
    table(['read', 'requests', 'p50 ms', 'p99 ms', 'longest ms'], rows),
    `The service used ${cpuMs.toFixed(2)} ms of a processor for a read, and for what it did besides.`,
    `Meanwhile ${runs} runs went by; Temporal was asked for ${(asked / time).toFixed(1)} lists or counts a second, ${most} in the busiest.`,
  ].join('\n');
}

function startReport(turns: readonly { readonly millrace: Starts; readonly limit: Starts }[]): string {
  const rows = turns.map(({ millrace, limit }, index) => [
    String(index + 1),
    told(millrace),
    told(limit),
    (millrace.seconds / limit.seconds).toFixed(3),
    quantile(millrace.answersMs, 0.5).toFixed(1),
    quantile(limit.answersMs, 0.5).toFixed(1),
  ]);
  const head = ['round', 'by HTTP s', 'without s', 'ratio', 'answer ms', 'answer without ms'];
  return `All runs completed, none twice; every tenth was started twice under one key\n${table(head, rows)}`;
}

function told({ seconds }: Starts): string {
  return seconds.toFixed(2);
}
