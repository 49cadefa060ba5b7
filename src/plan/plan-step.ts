import { findCopies } from '../../activities/discover.js';
import { findContract } from '../../activities/contract.js';
import { checkMaxRejected } from '../../activities/validate.js';
import { findTransform, refuseOtherDialect, requireDataset, requireJudged } from '../../activities/transform-inputs.js';
import { contractName } from '../config/check.js';
import type { Contract } from '../config/contract.js';
import type { Connector } from '../connectors/contract.js';
import { checkColumns, checkOutput, contractColumns } from '../contracts/columns.js';
import { compile } from '../contracts/compile.js';
import type { Column, DatasetRef } from '../core/dataset.js';
import { TerminalError } from '../core/errors.js';
import { idOf, type StepCall } from '../../workflows/step-calls.js';
import type {
  DiscoverStepInput,
  ExtractStepInput,
  StepResult,
  TransformStepInput,
  ValidateStepInput,
  WatermarkStepInput,
} from '../core/steps.js';
import type { TableInput } from '../core/table.js';
import { bindTransform } from '../engine/bind-transform.js';
import { namingFile, parametersOf, statementOf } from '../engine/transform-statement.js';
import { planLoad, planTransformOn } from './plan-load.js';
import type { Outlook, PlannedDataset } from './outlook.js';
import { capable, type PlanDesk } from './plan-desk.js';

/** Finds out what steps would do. Reads metadata, and writes nothing. */
export class StepPlanner {
  readonly datasets = new Map<string, PlannedDataset>();

  constructor(private readonly desk: PlanDesk) {}

  /** @throws what the step would fail with */
  plan(call: StepCall): Promise<Outlook> {
    const input = call.input as never;
    switch (call.kind) {
      case 'extract':
        return this.extract(call, input);
      case 'validate':
        return Promise.resolve(this.validate(call, input));
      case 'transform':
        return 'on' in call.input ? planTransformOn(this.desk, call, input) : this.transform(call, input);
      case 'load':
        return planLoad(this.desk, call, input, this.datasetAt((call.input['input'] as DatasetRef).uri));
      case 'watermark':
        return this.watermark(input);
      case 'check':
        return Promise.resolve(this.check(call));
      case 'discover':
        return this.discover(input);
      case 'sweep':
        throw new TerminalError(
          'PLAN_ENDS',
          'The plan ends here: what is old is known when it is looked for. Run `millrace housekeeping --dry-run`.',
        );
      default:
        // A replay of the quarantine.
        throw new TerminalError('PLAN_ENDS', 'The plan ends here: which rows come back is known when the quarantine is read.');
    }
  }

  /** The names of what a step is given. */
  inputsOf({ input }: StepCall): string[] {
    const only = input['input'] as DatasetRef | undefined;
    const named = Object.values((input['inputs'] as Record<string, Partial<DatasetRef & TableInput>> | undefined) ?? {});
    return [...(only ? [only.name] : []), ...named.map(({ name, connection, table }) => name ?? `${connection}.${table}`)];
  }

  private datasetAt(uri: string): PlannedDataset {
    const found = this.datasets.get(uri);
    if (found) return found;
    throw new TerminalError('STAGING_MISSING', `The dataset ${uri} was made by no step of this plan.`);
  }

  private made(call: StepCall, dataset: PlannedDataset): StepResult {
    const uri = `plan/${idOf(call)}`;
    this.datasets.set(uri, dataset);
    const { name, contract, range } = dataset;
    const unknown = { rows: null, bytes: 0, content: '', schema: '', parents: [] };
    return {
      dataset: { name, uri, ...unknown, ...(contract !== undefined && { contract }), ...(range && { range }) },
      reused: false,
    };
  }

  private async extract(call: StepCall, input: ExtractStepInput): Promise<Outlook> {
    const { dataset, connection, run: _, step: __, ...options } = input;
    const { value: found, note } = await this.desk.ask(connection, async (connector, context) => {
      const source = capable(connector.source, connection, connector, 'cannot be read from');
      return source.describe?.({ dataset, options }, context);
    });
    const range = found?.range && { ...found.range, upTo: null, withoutCursor: 0, ...watermarkOf(options.after) };
    const columns = found?.columns ?? null;
    const made = { name: dataset, columns, isText: found?.isText ?? false, ...(range && { range }) };
    const {
      columns: _columns,
      isText: _isText,
      ...reads
    } = found ?? {
      from: options.path ?? options.table ?? 'the query',
      rows: null,
      isEstimate: false,
      bytes: null,
    };
    return {
      inputs: [],
      columns,
      reads: { connection, ...reads, ...(options.where && { where: options.where }) },
      notes: note ? [note] : [],
      result: this.made(call, made),
    };
  }

  private validate(call: StepCall, { input, contract: name, maxRejected }: ValidateStepInput): Outlook {
    checkMaxRejected(maxRejected);
    const contract = findContract(this.desk, name);
    const { columns: given, isText, name: dataset, range } = this.datasetAt(input.uri);
    if (given) checkColumns(contract, given, { contract: name, dataset, ...(isText && { file: dataset }) });
    const columns = given ? compile(contract, given, isText).output : contractColumns(contract);
    const made = { name: dataset, columns, isText: false, contract: name, ...(range && { range }) };
    return { inputs: [dataset], columns, notes: [], result: this.made(call, made) };
  }

  private async transform(call: StepCall, input: TransformStepInput): Promise<Outlook> {
    const { transform: name, inputs, params } = input;
    const definition = findTransform(this.desk, input);
    refuseOtherDialect(name, definition);
    const given: Record<string, readonly Column[]> = {};
    for (const [each, reference] of Object.entries(inputs)) {
      requireDataset(name, each, reference);
      const { name: dataset, contract, columns } = this.datasetAt(reference.uri);
      requireJudged(this.desk, definition, { transform: name, input: each, dataset, contract });
      given[each] = columns ?? contractColumns(definition.inputs[each] as Contract);
    }
    const { project } = this.desk;
    let columns: readonly Column[] = contractColumns(definition.output);
    if (definition.kind === 'rows') parametersOf(name, definition, params);
    else {
      const statement = await statementOf(project.directory, name, definition, params);
      const request = { name, statement, inputs: given, parameters: Object.keys(params) };
      const bound = await namingFile(definition, () => this.desk.bind((session) => bindTransform(session, request)));
      columns = checkOutput(definition.output, bound, `transform "${name}"`);
    }
    const contract = contractName(project.config, definition.output);
    const made = { name, columns, isText: false, ...(contract !== undefined && { contract }) };
    return { inputs: this.inputsOf(call), columns, notes: [], result: this.made(call, made) };
  }

  /** What a check finds, only a run knows; that its inputs are of this plan is all there is to see. */
  private check(call: StepCall): Outlook {
    for (const { uri } of Object.values(call.input['inputs'] as Record<string, DatasetRef>)) this.datasetAt(uri);
    return { inputs: this.inputsOf(call), notes: [], result: { checked: { passed: 0, failed: 0, results: [] } } };
  }

  private async watermark({ connection, target, name }: WatermarkStepInput): Promise<Outlook> {
    const unknown = { target: `${connection}.${target}`, name, step: 'plan', value: null };
    const { value, note } = await this.desk.ask(connection, async (connector, context) => {
      const destination = capable(connector.destination, connection, connector, 'cannot be written to');
      if (destination.watermark) return destination.watermark({ target, connection, name, step: 'plan' }, context);
      throw new TerminalError(
        'CAPABILITY_MISSING',
        `Connection "${connection}" (${connector.kind}) keeps no watermarks, so nothing tells how far "${target}" has got.`,
      );
    });
    return { inputs: [`${connection}.${target}`], notes: note ? [note] : [], result: { watermark: value ?? unknown } };
  }

  private async discover(input: DiscoverStepInput): Promise<Outlook> {
    const { value, note } = await this.desk.ask(input.from, (from, context) =>
      this.desk.open(input.to, (to: Connector) => findCopies(input, context, from, to)),
    );
    return { inputs: [input.from, input.to], notes: note ? [note] : [], result: { tables: value?.tables ?? [] } };
  }
}

function watermarkOf(after: ExtractStepInput['after']): Pick<NonNullable<DatasetRef['range']>, 'watermark'> {
  if (typeof after !== 'object' || after === null) return {};
  return { watermark: { target: after.target, name: after.name, step: after.step } };
}
