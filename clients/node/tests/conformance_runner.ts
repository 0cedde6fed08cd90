// Runner of the conformance scenarios; tests/conformance/README.md says what it does.
import { createInterface } from "node:readline";
import { categorical, Client, type Direction, float, HpodError, int, type Json, NoTrialError, type Parameter, type Plain, real, type Real, type StoredTrial, type Study, type StudySettings, type Trial, type TrialState } from "../src/index.js";

type Wire = Trial["wireParams"][string];
type Tagged = { float?: string; int?: string; bool?: boolean; string?: string; null?: true };
type ParameterForm = { name: string; type: string; low: never; high: never; step?: never; log?: boolean; choices: Tagged[]; conditions?: { parent: string; values: Tagged[] }[] };
type Step = Record<string, any>;
type Result = Record<string, unknown> | void;

function toDouble(digits: string): number {
  return Buffer.from(digits, "hex").readDoubleBE();
}

function fromDouble(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString("hex");
}

function toPlain(tagged: Tagged): Plain | Real {
  if (tagged.float !== undefined) return real(toDouble(tagged.float));
  if (tagged.int !== undefined) return BigInt(tagged.int);
  return tagged.bool ?? tagged.string ?? null;
}

function fromWire({ kind }: Wire): Tagged {
  switch (kind.case) {
    case "doubleValue":
      return { float: fromDouble(kind.value) };
    case "intValue":
      return { int: String(kind.value) };
    case "boolValue":
      return { bool: kind.value };
    case "stringValue":
      return { string: kind.value };
    default:
      return { null: true };
  }
}

function mapped<A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function toParameter(form: ParameterForm): Parameter {
  const { name, low, high, log } = form;
  let parameter: Parameter;
  if (form.type === "float") parameter = float(name, toDouble(low), toDouble(high), { log, step: form.step && toDouble(form.step) });
  else if (form.type === "int") parameter = int(name, low, high, { log, step: form.step });
  else parameter = categorical(name, form.choices.map(toPlain));
  for (const { parent, values } of form.conditions ?? []) parameter = parameter.when(parent, values.map(toPlain));
  return parameter;
}

function fromTrial(trial: StoredTrial): Record<string, unknown> {
  return {
    number: trial.number,
    state: trial.state,
    params: mapped(trial.wireParams, fromWire),
    values: trial.values.map(fromDouble),
    intermediate_values: Object.fromEntries(trial.intermediateValues.map(({ step, value }) => [step, fromDouble(value)])),
    user_attributes: trial.userAttributes,
    constraints: mapped(trial.constraints, fromDouble),
    failure: trial.failure,
    retry_of: trial.retryOf,
  };
}

const client = new Client();
const studies: Record<string, Study> = {};
const trials: Record<string, Trial> = {};

const STEPS: Record<string, (step: Step) => Promise<Result>> = {
  async create_study(step) {
    const settings: StudySettings = {
      name: step["study"],
      loadIfExists: step["load_if_exists"],
      directions: step["directions"] as Direction[],
      sampler: step["sampler"],
      pruner: step["pruner"],
      seed: step["seed"],
      space: step["space"]?.map(toParameter),
      maxTrials: step["max_trials"],
      maxRunning: step["max_running"],
      leaseSeconds: step["lease_ms"] && step["lease_ms"] / 1000,
      maxRetries: step["max_retries"],
      metricNames: step["metric_names"],
      userAttributes: step["user_attributes"],
    };
    studies[settings.name] = await client.createStudy(settings);
  },
  async load_study({ study }) {
    studies[study] = await client.loadStudy(study);
  },
  delete_study: ({ study }) => client.deleteStudy(study),
  async get_study({ study }) {
    const info = await studies[study]!.info();
    return {
      name: info.name,
      directions: info.directions,
      metric_names: info.metricNames,
      user_attributes: info.userAttributes,
      counts: info.counts,
      stop_reason: info.stopReason,
    };
  },
  set_study_attributes: ({ study, user_attributes }) => studies[study]!.setAttributes(user_attributes),
  stop_study: ({ study }) => studies[study]!.stop(),
  resume_study: ({ study }) => studies[study]!.resume(),
  async enqueue({ study, params, user_attributes, skip_if_exists }) {
    const options = { userAttributes: user_attributes as Record<string, Json>, skipIfExists: skip_if_exists };
    return { number: await studies[study]!.enqueue(mapped(params as Record<string, Tagged>, toPlain), options) };
  },
  async suggest({ study, trial: name }) {
    try {
      const trial = (trials[name] = await studies[study]!.suggest());
      return { number: trial.number, params: mapped(trial.wireParams, fromWire), retry_of: trial.retryOf };
    } catch (error) {
      if (error instanceof NoTrialError) return { number: null, stop_reason: error.reason, final: error.final };
      throw error;
    }
  },
  async suggest_parameter({ trial, parameter }) {
    await trials[trial]!.suggest(toParameter(parameter));
    return { value: fromWire(trials[trial]!.wireParams[parameter.name]!) };
  },
  async report({ trial, step, value }) {
    return { should_prune: await trials[trial]!.report(step, toDouble(value)) };
  },
  complete: ({ trial, values }) => trials[trial]!.complete(...values.map(toDouble)),
  prune: ({ trial }) => trials[trial]!.prune(),
  fail: ({ trial, failure }) => trials[trial]!.fail(failure),
  async set_attributes({ trial, user_attributes, constraints }) {
    if (user_attributes) await trials[trial]!.setAttributes(user_attributes);
    if (constraints) await trials[trial]!.setConstraints(mapped(constraints as Record<string, string>, toDouble));
  },
  async await_lease_loss({ trial }) {
    const { signal } = trials[trial]!;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  },
  async get_trial({ study, number }) {
    return fromTrial(await studies[study]!.trial(number));
  },
  async list_trials({ study, states }) {
    return { trials: (await studies[study]!.trials(states as TrialState[])).map(fromTrial) };
  },
  async best_trial({ study }) {
    return { number: (await studies[study]!.best())?.number ?? null };
  },
};

async function answer(step: Step): Promise<unknown> {
  try {
    return { ok: (await STEPS[step["do"]]!(step)) ?? {} };
  } catch (error) {
    if (!(error instanceof HpodError)) throw error;
    const { code, reason, metadata } = error;
    return { error: { code, reason, metadata } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
client.close();
