import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { CategoricalDomainSchema, FloatDomainSchema, IntDomainSchema, type Parameter as Message, ParameterSchema } from "../gen/hpo/v1/space_pb.js";
import { type Plain, type Real, toValue } from "./values.js";

type Conditions = MessageInitShape<typeof ParameterSchema>["conditions"];

/** One dimension of a search space. Made by `float`, `int` and `categorical`. */
export class Parameter {
  constructor(
    readonly name: string,
    private readonly domain: Message["domain"],
    private readonly conditions: NonNullable<Conditions> = [],
  ) {}

  /** A copy that is part of a trial only if `parent` is, and has one of `values`. Several conditions must all hold. */
  when(parent: string, values: (Plain | Real)[]): Parameter {
    const condition = { parent, values: values.map(toValue) };
    return new Parameter(this.name, this.domain, [...this.conditions, condition]);
  }

  /** The form on the wire. */
  toMessage(): Message {
    return create(ParameterSchema, { name: this.name, domain: this.domain, conditions: this.conditions });
  }
}

/**
 * Real numbers in [low, high], both finite.
 * `log`: search in the logarithm; needs low > 0 and no step. `step`: only low, low + step, ...
 */
export function float(name: string, low: number, high: number, options: { log?: boolean; step?: number } = {}): Parameter {
  return new Parameter(name, { case: "floatDomain", value: create(FloatDomainSchema, { low, high, ...options }) });
}

/**
 * Whole numbers in [low, high], |bounds| <= 2^53.
 * `log`: search in the logarithm; needs low >= 1 and step 1. `step`: only low, low + step, ...
 */
export function int(name: string, low: number, high: number, options: { log?: boolean; step?: number } = {}): Parameter {
  const { log, step = 1 } = options;
  const value = create(IntDomainSchema, { low: whole(name, low), high: whole(name, high), log, step: whole(name, step) });
  return new Parameter(name, { case: "intDomain", value });
}

/** One of `choices`, 1 to 10,000 distinct ones. */
export function categorical(name: string, choices: readonly (Plain | Real)[]): Parameter {
  return new Parameter(name, { case: "categoricalDomain", value: create(CategoricalDomainSchema, { choices: choices.map(toValue) }) });
}

function whole(name: string, number: number): bigint {
  if (!Number.isInteger(number)) throw new RangeError(`parameter '${name}' is an int, but has ${number}, which is no whole number`);
  return BigInt(number);
}
