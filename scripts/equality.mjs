// `npm run equality -- --cases 200000 --seed 7`: the tests that hold compiled contracts against zod, over as many cases as wanted.
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '200000' }, seed: { type: 'string' } },
});
for (const [name, value] of Object.entries(values)) {
  if (/^\d{1,9}$/.test(value)) continue;
  console.error(`--${name} is "${value}"; it is a whole number.`);
  process.exit(2);
}
process.env.MILLRACE_CASES = values.cases;
if (values.seed !== undefined) process.env.MILLRACE_SEED = values.seed;
const tests = ['column-verdicts', 'judge-equality', 'vocabulary'].map((name) => `test/contracts/${name}.test.ts`);
process.argv = [...process.argv.slice(0, 2), ...tests];
await import('./test.mjs');
