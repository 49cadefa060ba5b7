import path from 'node:path';
import { stat } from 'node:fs/promises';
import { TerminalError } from '../core/errors.js';
import type { Part } from '../core/manifest.js';
import { resolvePath } from '../engine/dataset-sql.js';
import type { EngineSession } from '../engine/session.js';
import { bindContract } from './bind.js';
import { checkColumns } from './columns.js';
import { compile, type Compiled } from './compile.js';
import { judgePart, layoutOf } from './judge-part.js';
import type { EarlyRows, Judged, JudgeRequest } from './judge-request.js';
import type { PartCounts } from './part-task.js';
import { openRejects, type Rejects } from './rejects.js';
import { zodCost } from './zod-cost.js';
import { zodJudges } from './zod-judges.js';

/**
 * Judges every row of a dataset by a contract: the verdict is zod's own, row by row, and every rejected row is kept with all
 * its issues. SQL decides what it can in one pass; rows it cannot decide go through zod. Memory does not grow with the data.
 *
 * @throws TerminalError CONTRACT_COLUMNS, FILE_HEADER, FILE_FORMAT; CONTRACT_FUNCTION, CONTRACT_STUCK, CONTRACT_DIED where
 * a function of the contract throws, does not end, or takes too much memory
 */
export async function judge(session: EngineSession, request: JudgeRequest): Promise<Judged> {
  const { input, contract } = request;
  const isText = input.parts.some((part) => part.format === 'csv');
  checkParts(request, isText);
  const compiled = await bindContract(session, compile(contract, input.columns, isText), request.contractName);
  const layout = await layoutOf(session, request, compiled);
  const early = earlyRows(request, compiled);
  early?.begin(compiled.output);
  const rejects = await openRejects(session, request.directory);
  const judges = zodJudges(compiled, request.threads, request.signal);
  try {
    const task = { request, compiled, layout, rejects, judges };
    const parts: Part[] = [];
    const total: PartCounts = { rowsRead: 0, rejected: 0, undecided: 0, judgedByZod: 0 };
    for (const [index, part] of input.parts.entries()) {
      const judged = await judgePart(session, { ...task, early, part, index, rowsBefore: total.rowsRead });
      add(total, judged.counts);
      parts.push(...judged.parts);
      request.progress(total.rowsRead);
    }
    return await conclude(request, compiled, rejects, parts, total);
  } finally {
    await judges.close();
    await rejects.close();
  }
}

/** Whoever wants rows early, where SQL's word on a row is final and its values stay as they are. */
function earlyRows({ early }: JudgeRequest, { isText, uncompiled, changes }: Compiled): EarlyRows | undefined {
  return isText && uncompiled.length === 0 && !changes ? early : undefined;
}

function checkParts({ input, contract, contractName }: JudgeRequest, isText: boolean): void {
  const place = { contract: contractName, dataset: input.name };
  if (!isText) return checkColumns(contract, input.columns, place);
  for (const part of input.parts) {
    const file = part.origin ?? path.basename(part.path);
    if (part.format !== 'csv') {
      throw new TerminalError(
        'CONTRACT_COLUMNS',
        `Dataset "${input.name}" mixes CSV with ${file}: a contract judges text or typed columns, not both. Extract them as two datasets.`,
      );
    }
    const columns = (part.csv?.columns ?? []).map((name) => ({ name, type: 'VARCHAR', nullable: true }));
    checkColumns(contract, columns, { ...place, file });
  }
}

function add(total: PartCounts, part: PartCounts): void {
  total.rowsRead += part.rowsRead;
  total.rejected += part.rejected;
  total.undecided += part.undecided;
  total.judgedByZod += part.judgedByZod;
}

async function conclude(
  request: JudgeRequest,
  compiled: Compiled,
  rejects: Rejects,
  parts: readonly Part[],
  total: PartCounts,
): Promise<Judged> {
  const places = request.input.parts.map((part) => part.places && resolvePath(request.stagingRoot, part.places));
  const reasons = total.rejected > 0 ? await rejects.write(places) : [];
  let bytes = 0;
  for (const part of parts)
    bytes += part.path.startsWith('./') ? (await stat(path.join(request.directory, part.path))).size : part.bytes;
  return {
    parts,
    columns: compiled.output,
    bytes,
    warnings: compiled.warnings,
    notes: notesOf(compiled, request.contractName),
    verdict: {
      rowsRead: total.rowsRead,
      accepted: total.rowsRead - total.rejected,
      rejected: total.rejected,
      judgedBySql: total.rowsRead - total.judgedByZod,
      undecided: total.undecided,
      judgedByZod: total.judgedByZod,
      ...(total.rejected > 0 && { rejects: './rejects.parquet' }),
      reasons,
    },
  };
}

function notesOf(compiled: Compiled, name: string): string[] {
  const cost = zodCost(compiled, name);
  return cost === undefined ? [] : [cost];
}
