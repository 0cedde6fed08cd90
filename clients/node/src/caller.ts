import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { create, type DescMessage, type DescMethodUnary, fromBinary, type MessageInitShape, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Client as Channel, Metadata } from "@grpc/grpc-js";
import { HpodError, toError } from "./errors.js";

const CALL_TIMEOUT_MS = 30_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 3_000;

/** Makes calls over one channel. */
export class Caller {
  constructor(
    private readonly channel: Channel,
    private readonly server: string,
    private readonly token: string | undefined,
    private readonly retrySeconds: number,
  ) {}

  /**
   * The reply, the call repeated while the daemon is away or its disk full. A request that takes a request id gets one,
   * the same in all attempts, so that it takes effect once.
   */
  async call<I extends DescMessage, O extends DescMessage>(method: DescMethodUnary<I, O>, fields: MessageInitShape<I>): Promise<MessageShape<O>> {
    const request = create(method.input, fields);
    if (method.input.field["requestId"]) Object.assign(request, { requestId: randomUUID() });
    const end = performance.now() + this.retrySeconds * 1000;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      try {
        return await this.attempt(method, request, CALL_TIMEOUT_MS);
      } catch (error) {
        if (!(error instanceof HpodError) || !error.isTransient || performance.now() + pauseMs > end) throw error;
      }
      // The jitter keeps apart the workers that failed together.
      await sleep(pauseMs * (0.5 + 0.5 * Math.random()));
    }
  }

  /** Makes the call once. */
  attempt<I extends DescMessage, O extends DescMessage>(method: DescMethodUnary<I, O>, request: MessageShape<I>, timeoutMs: number): Promise<MessageShape<O>> {
    const metadata = new Metadata();
    if (this.token) metadata.set("authorization", `Bearer ${this.token}`);
    return new Promise((resolve, reject) => {
      this.channel.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
        (bytes: Buffer) => fromBinary(method.output, bytes),
        request,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error, reply) => (error ? reject(toError(error, this.server, timeoutMs)) : resolve(reply!)),
      );
    });
  }
}
