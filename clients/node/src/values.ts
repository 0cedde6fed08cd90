import { create } from "@bufbuild/protobuf";
import { NullValue } from "@bufbuild/protobuf/wkt";
import { type Assignment, type Value, ValueSchema } from "../gen/hpo/v1/space_pb.js";

/** A value of a parameter. Whole numbers beyond 2^53 are bigint. */
export type Plain = null | boolean | number | bigint | string;

/** A number that is a float although it is whole: `real(1)` is 1.0. Only needed for choices and for enqueued values. */
export class Real {
  constructor(readonly value: number) {}
}

/** See `Real`. */
export function real(value: number): Real {
  return new Real(value);
}

export function fromValue(value: Value | undefined): Plain {
  switch (value?.kind.case) {
    case "intValue": {
      const whole = value.kind.value;
      const number = Number(whole);
      return Number.isSafeInteger(number) ? number : whole;
    }
    case "boolValue":
    case "doubleValue":
    case "stringValue":
      return value.kind.value;
    default:
      return null;
  }
}

/** The wire form. A whole number is an int, any other a float. */
export function toValue(plain: Plain | Real): Value {
  return create(ValueSchema, { kind: toKind(plain) });
}

function toKind(plain: Plain | Real): Value["kind"] {
  if (plain === null) return { case: "nullValue", value: NullValue.NULL_VALUE };
  if (plain instanceof Real) return { case: "doubleValue", value: plain.value };
  switch (typeof plain) {
    case "boolean":
      return { case: "boolValue", value: plain };
    case "bigint":
      return { case: "intValue", value: plain };
    case "string":
      return { case: "stringValue", value: plain };
    case "number":
      return Number.isInteger(plain) ? { case: "intValue", value: BigInt(plain) } : { case: "doubleValue", value: plain };
    default:
      throw new TypeError(`${String(plain)} is a ${typeof plain}, but must be null, a boolean, number, bigint or string`);
  }
}

export function fromAssignments(assignments: Assignment[]): Record<string, Plain> {
  return Object.fromEntries(assignments.map(({ name, value }) => [name, fromValue(value)]));
}
