import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeFault } from './plan.js';
import type { Stage } from './stage.js';
import type { TrialResult } from './trial.js';

/** Where the evidence of failed trials goes, below the working folder. */
const FOLDER = '.millrace/chaos';

/** Keeps what a person needs to find out what went wrong in a trial; gives the folder. */
export async function keepEvidence(stage: Stage, seed: string, result: TrialResult): Promise<string> {
  const folder = path.resolve(FOLDER, `seed-${seed}-trial-${result.trial}`);
  mkdirSync(path.join(folder, 'histories'), { recursive: true });
  const save = (name: string, content: unknown): void =>
    writeFileSync(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  save('trial.json', { seed, ...result, faultsInOrder: result.plan.faults.map(describeFault) });
  if (existsSync(stage.workerLog)) copyFileSync(stage.workerLog, path.join(folder, 'workers.log'));
  save('postgres.log', stage.postgres.lastLines());
  save('temporal.log', stage.temporal.lastLines());
  save(
    'ledger.json',
    await stage.database
      .read('SELECT * FROM _millrace.ledger WHERE target LIKE $1 ORDER BY id', [`%\\_${result.trial}`])
      .catch(String),
  );
  for (const workflowId of result.workflowIds) {
    const history = await stage.temporal.client.workflow
      .getHandle(workflowId)
      .fetchHistory()
      .catch((error: unknown) => ({ unknown: String(error) }));
    save(path.join('histories', `${workflowId}.json`), history);
  }
  return folder;
}
