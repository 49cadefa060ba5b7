import { pipeline } from './project.js';

/** Waits for somebody, and does nothing else. */
export const waits = pipeline('waits', async (run, { number }) => {
  const { approvedBy } = await run.approve({ title: `Go on with ${number}?`, expires: '30 days', as: 'go-on' });
  return approvedBy.map(({ by }) => by);
});

/** A step as runs have them, of a file that no run has read before. */
export const works = pipeline('works', async (run, { file }) => {
  const rows = await run.validate(await run.extract('rows', { from: 'files', path: file }), 'Row');
  return rows.rows;
});
