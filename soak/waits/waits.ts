import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile, readSteadily, type ReadKind } from '../../bench/service/reads.js';
import { MillraceError } from '../../src/client/index.js';
import type { Soak, SoakOptions, SoakReport } from '../soak.js';
import { withSite, type Site } from './site.js';

const FULL = 10_000;
/** Starts and answers under way at once. */
const AT_ONCE = 20;
const READS_PER_SECOND = 50;
/** Runs beside, one after the other, by which it is seen what the others cost. */
const BESIDE = 20;
const FEW_BESIDE = 5;
/** Of a small soak no time is judged: it is a test, and runs on whatever machine there is. */
const LEAST_TIMED = 200;
const ALLOWED_READ_MS = 500;
/** As many times as long as before may a run beside take. */
const ALLOWED_SLOWER = 3;
const ALLOWED_MIB = 1_024;
const MOST_ATTEMPTS = 20;

/** Many runs that wait for people, and hold nothing. */
export const waits: Soak = {
  about: '10,000 runs wait for approval at once: others go on as if they were not there, and reads are answered',
  run: (options) => withSite(options.notice, (site) => soak(site, options)),
};

async function soak(site: Site, { scale, notice }: SoakOptions): Promise<SoakReport> {
  const count = Math.max(20, Math.round(FULL * scale));
  const isTimed = count >= LEAST_TIMED;
  const beside = isTimed ? BESIDE : FEW_BESIDE;
  await besideMs(site, 'warm-up', beside);
  const before = await besideMs(site, 'before', beside);
  const { cpuS: cpuBefore } = await site.worker.usage();
  const began = performance.now();
  const ids = await startAll(site, count, notice);
  const listed = await listAll(site, count);
  const startedS = (performance.now() - began) / 1000;
  notice(`${listed.length} runs wait after ${startedS.toFixed(0)} s`);
  const pending = await pendingActivities(site, ids);
  const idle = await idleCpu(site);
  const after = await besideMs(site, 'after', beside);
  const reads = await readSteadily({
    kinds: kindsOf(site, ids),
    perSecond: READS_PER_SECOND,
    seconds: isTimed ? 20 : 2,
  });
  const latencies = [...reads.latenciesMs.values()].flat();
  const p99 = quantile(latencies, 0.99);
  const answered = await answerSome(site, ids);
  const { peakMiB, cpuS } = await site.worker.usage();
  const problems = [
    ...(listed.length === count ? [] : [`${count} runs were started, and ${listed.length} are listed as waiting.`]),
    ...(pending === 0 ? [] : [`${pending} activities are under way for runs that wait.`]),
    ...reads.failures.slice(0, 3).map((failure) => `A read failed: ${failure}`),
    ...answered.problems,
    ...(isTimed && p99 > ALLOWED_READ_MS ? [`The slowest of a hundred reads took ${p99.toFixed(0)} ms.`] : []),
    ...(isTimed && after > before * ALLOWED_SLOWER
      ? [`A run beside takes ${after.toFixed(0)} ms, and took ${before.toFixed(0)}.`]
      : []),
    ...(isTimed && peakMiB > ALLOWED_MIB ? [`The worker used ${peakMiB.toFixed(0)} MiB.`] : []),
  ];
  const figures = {
    'runs that wait': listed.length,
    'activities under way for them': pending,
    'until all waited, s': round(startedS),
    'CPU of the worker for one of them, ms': round(((cpuS - cpuBefore) * 1000) / count),
    'CPU of the worker while they wait, % of one': round(idle * 100),
    'a run beside, before, ms': round(before),
    'a run beside, meanwhile, ms': round(after),
    'reads, p50, ms': round(quantile(latencies, 0.5)),
    'reads, p99, ms': round(p99),
    ...Object.fromEntries(
      [...reads.latenciesMs].map(([name, values]) => [`reads of ${name}, p99, ms`, round(quantile(values, 0.99))]),
    ),
    'answers, p50, ms': round(answered.medianMs),
    'answers that were asked for again': answered.again,
    'peak memory of the worker, MiB': Math.round(peakMiB),
    'peak memory of the service, MiB': Math.round((await site.service.usage()).peakMiB),
  };
  return { figures, problems };
}

async function startAll({ temporal }: Site, count: number, notice: SoakOptions['notice']): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, at) => `waits-${at}`);
  let started = 0;
  await atOnce(ids, async (workflowId, number) => {
    await temporal.client.workflow.start('waits', { taskQueue: 'millrace', workflowId, args: [{ number }] });
    if (++started % 1_000 === 0) notice(`${started} of ${count} runs are started`);
  });
  return ids;
}

/** What the service lists as waiting, once it is as many as were started, or no more come. */
async function listAll({ millrace }: Site, count: number): Promise<string[]> {
  let before = -1;
  for (let still = 0; ; await sleep(1_000)) {
    const found: string[] = [];
    for await (const { workflowId } of millrace.approvals.list({ pipeline: 'waits', limit: 200 })) found.push(workflowId);
    still = found.length === before ? still + 1 : 0;
    before = found.length;
    if (found.length >= count || still > 60) return found;
  }
}

async function pendingActivities({ temporal }: Site, ids: readonly string[]): Promise<number> {
  let pending = 0;
  for (let at = 0; at < ids.length; at += Math.ceil(ids.length / 50)) {
    const { raw } = await temporal.client.workflow.getHandle(ids[at] as string).describe();
    pending += raw.pendingActivities?.length ?? 0;
  }
  return pending;
}

/** The share of a processor that the worker uses while nothing happens. */
async function idleCpu({ worker }: Site): Promise<number> {
  const [began, before] = [performance.now(), await worker.usage()];
  await sleep(3_000);
  return ((await worker.usage()).cpuS - before.cpuS) / ((performance.now() - began) / 1000);
}

/** How long a run with two steps takes, from start to end: the median of some. */
async function besideMs({ temporal, files }: Site, name: string, runs: number): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < runs; at++) {
    const file = `${name}-${at}.csv`;
    writeFileSync(path.join(files, file), `id,name\n1,${name} ${at}\n`);
    const began = performance.now();
    await temporal.client.workflow.execute('works', {
      taskQueue: 'millrace',
      workflowId: `works-${name}-${at}`,
      args: [{ file }],
    });
    times.push(performance.now() - began);
  }
  return quantile(times, 0.5);
}

function kindsOf({ url }: Site, ids: readonly string[]): ReadKind[] {
  let turn = 0;
  const one = (): string => encodeURIComponent(ids[(turn += 97) % ids.length] as string);
  return [
    { name: 'approvals', next: () => `${url}/v1/approvals?limit=50` },
    { name: 'runs that go on', next: () => `${url}/v1/runs?status=running&limit=50` },
    { name: 'one run', next: () => `${url}/v1/runs/${one()}` },
    { name: 'one approval', next: () => `${url}/v1/runs/${one()}/approvals/go-on` },
  ];
}

/** Answers some of them, by the service, and sees that just these go on to their end. */
async function answerSome({ millrace, temporal }: Site, ids: readonly string[]) {
  const some = ids.filter((_, at) => at % Math.ceil(ids.length / 100) === 0);
  const times: number[] = [];
  const problems: string[] = [];
  let again = 0;
  await atOnce(some, async (run) => {
    const began = performance.now();
    for (let attempt = 1; ; attempt++) {
      try {
        await millrace.approvals.grant({ run, step: 'go-on', idempotencyKey: run });
        times.push(performance.now() - began);
        break;
      } catch (error) {
        // A machine that is busy may need longer than a run is given: the same request again is the same answer.
        if (error instanceof MillraceError && error.code === 'RUN_NOT_ANSWERING' && attempt < MOST_ATTEMPTS) again += 1;
        else {
          problems.push(`${run} could not be answered: ${String(error)}`);
          return;
        }
      }
    }
    await temporal.client.workflow.getHandle(run).result();
  });
  return { medianMs: quantile(times, 0.5), again, problems: problems.slice(0, 3) };
}

async function atOnce<T>(items: readonly T[], work: (item: T, at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) await work(items[at] as T, at);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
