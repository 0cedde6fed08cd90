import { create, type DescMessage, type DescMethodUnary, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { type Trial as Message, TrialState } from "../gen/hpo/v1/trial_pb.js";
import type { Value } from "../gen/hpo/v1/space_pb.js";
import { ReportValueRequestSchema, TrialService } from "../gen/hpo/v1/trial_service_pb.js";
import type { Caller } from "./caller.js";
import { LeaseLostError, TrialFinishedError } from "./errors.js";
import type { Lease, LeaseKeeper } from "./lease.js";
import { type Json, toTexts } from "./settings.js";
import type { Parameter } from "./space.js";
import { fromAssignments, fromValue, type Plain } from "./values.js";

const MAX_FAILURE_BYTES = 4096;

/** The fields that fence a call. */
type Fence = { study: string; number: bigint; leaseToken: bigint };

/**
 * A running trial that this process holds the lease of. The lease is renewed in the background, which needs a free event
 * loop: give long computations to a worker thread or a child process. Each method that calls the daemon may throw
 * LeaseLostError: the trial was given up and may be running elsewhere, so drop the work.
 */
export class Trial {
  /** 0, 1, 2, ... in the study. */
  readonly number: number;
  /** The first of the lost trials that this one repeats, or null. */
  readonly retryOf: number | null;
  /** The parameters known so far, by name: with a declared space, all. */
  readonly params: Record<string, Plain>;
  /** The same as on the wire, where 1 and 1.0 differ. */
  readonly wireParams: Record<string, Value>;

  constructor(
    message: Message,
    private readonly lease: Lease,
    private readonly caller: Caller,
    private readonly leases: LeaseKeeper,
  ) {
    this.number = Number(message.number);
    this.retryOf = message.retryOf === undefined ? null : Number(message.retryOf);
    this.params = fromAssignments(message.params);
    this.wireParams = Object.fromEntries(message.params.map(({ name, value }) => [name, value!]));
  }

  /** Aborted once the lease is known to be lost, with the LeaseLostError as its reason. */
  get signal(): AbortSignal {
    return this.lease.lost.signal;
  }

  /**
   * The value of one more parameter, in a study without a declared space. Asked again for the same name, the first
   * value. Throws ParameterChangedError, InvalidArgumentError.
   */
  async suggest(parameter: Parameter): Promise<Plain> {
    const reply = await this.call(TrialService.method.suggestParameter, { ...this.fence, parameter: parameter.toMessage() });
    this.wireParams[parameter.name] = reply.value!;
    return (this.params[parameter.name] = fromValue(reply.value));
  }

  /**
   * Stores an intermediate value; NaN and infinities are allowed, and the first value of a step stays.
   * Returns whether to stop: then call `prune`, or throw TrialPruned in `optimize`. Throws SeveralObjectivesError.
   */
  async report(step: number, value: number): Promise<boolean> {
    const request = create(ReportValueRequestSchema, { ...this.fence, step: BigInt(step), value });
    if (Object.is(value, -0)) request.$unknown = [negativeZero(ReportValueRequestSchema.field.value.number)];
    return (await this.call(TrialService.method.reportValue, request)).shouldPrune;
  }

  /** Stores JSON values with the trial. Other attributes stay. */
  async setAttributes(attributes: Record<string, Json>): Promise<void> {
    await this.call(TrialService.method.setTrialAttributes, { ...this.fence, userAttributes: toTexts(attributes) });
  }

  /** Stores constraint values; one > 0 makes the trial infeasible. Not NaN. */
  async setConstraints(constraints: Record<string, number>): Promise<void> {
    await this.call(TrialService.method.setTrialAttributes, { ...this.fence, constraints });
  }

  /** Ends the trial with its objective values, one per direction. Not NaN: call `fail` instead. */
  async complete(...values: number[]): Promise<void> {
    await this.finish({ state: TrialState.COMPLETE, values });
  }

  /** Ends the trial early; samplers learn from its last report. */
  async prune(): Promise<void> {
    await this.finish({ state: TrialState.PRUNED });
  }

  /** Ends the trial without a result. `why` is cut to 4 KiB. */
  async fail(why: string): Promise<void> {
    const { read } = new TextEncoder().encodeInto(why, new Uint8Array(MAX_FAILURE_BYTES));
    await this.finish({ state: TrialState.FAIL, failure: why.slice(0, read) });
  }

  private get fence(): Fence {
    return { study: this.lease.study, number: this.lease.number, leaseToken: this.lease.token };
  }

  private async finish(outcome: { state: TrialState; values?: number[]; failure?: string }): Promise<void> {
    await this.call(TrialService.method.completeTrial, { ...this.fence, ...outcome });
    this.leases.release(this.lease);
  }

  private async call<I extends DescMessage, O extends DescMessage>(method: DescMethodUnary<I, O>, fields: MessageInitShape<I>): Promise<MessageShape<O>> {
    this.signal.throwIfAborted();
    try {
      const reply = await this.caller.call(method, fields);
      this.leases.renewed(this.lease);
      return reply;
    } catch (error) {
      if (error instanceof LeaseLostError) this.leases.lose(this.lease, error);
      if (error instanceof TrialFinishedError) this.leases.release(this.lease);
      throw error;
    }
  }
}

/** The runtime leaves -0 out, as if it were 0: so it is written by hand, after the other fields. */
function negativeZero(no: number) {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setFloat64(0, -0, true);
  return { no, wireType: WireType.Bit64, data };
}
