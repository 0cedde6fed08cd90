// Connect's own client against the daemon whose HTTP address HPOD_HTTP_URL names.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport } from "@connectrpc/connect-node";
import { ErrorInfoSchema as GoogleErrorInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { ErrorInfoSchema } from "./gen/hpo/v1/error_pb.js";
import { StudyService } from "./gen/hpo/v1/study_service_pb.js";
import { TrialState } from "./gen/hpo/v1/trial_pb.js";
import { TrialService } from "./gen/hpo/v1/trial_service_pb.js";

const baseUrl = process.env["HPOD_HTTP_URL"];
assert.ok(baseUrl, "HPOD_HTTP_URL must be the address of a daemon's HTTP endpoint");

const space = [{ name: "x", domain: { case: "floatDomain", value: { low: -10, high: 10 } } }] as const;

async function refusal(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof ConnectError, String(error));
    return error;
  }
  assert.fail("the call was not refused");
}

function open<Message>(stream: AsyncIterable<Message>): () => Promise<Message> {
  const iterator = stream[Symbol.asyncIterator]();
  return async () => {
    const next = await iterator.next();
    assert.ok(!next.done, "the stream has ended without an error");
    return next.value;
  };
}

for (const useBinaryFormat of [false, true]) {
  const form = useBinaryFormat ? "binary" : "JSON";
  const transport = createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat });
  const studies = createClient(StudyService, transport);
  const trials = createClient(TrialService, transport);

  async function newStudy(): Promise<string> {
    const name = randomUUID();
    await studies.createStudy({ study: { name, space: [...space] } });
    return name;
  }

  test(`a trial lives from its suggestion to its end, in ${form}`, async () => {
    const study = await newStudy();
    const { trials: suggested, final } = await trials.suggestTrials({ study, worker: "é" });
    assert.equal(final, false);
    const trial = suggested[0]!;
    assert.deepEqual([trial.number, trial.state, trial.worker], [0n, TrialState.RUNNING, "é"]);
    const x = trial.params[0]!.value!.kind;
    assert.ok(x.case === "doubleValue" && Math.abs(x.value) <= 10);

    const me = { study, number: trial.number, leaseToken: trial.lease!.token };
    const report = await trials.reportValue({ ...me, step: 0n, value: NaN });
    assert.deepEqual([report.shouldPrune, report.lease!.duration!.seconds], [false, 60n]);
    const done = await trials.completeTrial({ ...me, values: [-Infinity], userAttributes: { note: '"n"' } });
    assert.equal(done.trial!.state, TrialState.COMPLETE);

    const stored = (await trials.getTrial({ study, number: 0n })).trial!;
    assert.deepEqual(stored.values, [-Infinity]);
    assert.deepEqual(stored.intermediateValues.map(({ step, value }) => [step, value]), [[0n, NaN]]);
    assert.deepEqual(stored.userAttributes, { note: '"n"' });
    assert.deepEqual(stored.params, trial.params);
  });

  test(`a retry with the same requestId gets the first answer, in ${form}`, async () => {
    const request = { study: await newStudy(), requestId: randomUUID() };
    const [first, again] = [await trials.suggestTrials(request), await trials.suggestTrials(request)];
    assert.deepEqual(again.trials[0]!.params, first.trials[0]!.params);
    assert.equal((await trials.listTrials({ study: request.study })).trials.length, 1);
  });

  test(`a refusal has its code, message and detail, in ${form}`, async () => {
    const error = await refusal(studies.getStudy({ study: "nope" }));
    assert.deepEqual([error.code, error.rawMessage], [Code.NotFound, "studies/nope does not exist"]);
    assert.equal(error.details.length, 1);

    const [info] = error.findDetails(GoogleErrorInfoSchema);
    assert.ok(info);
    assert.deepEqual([info.reason, info.domain], ["STUDY_NOT_FOUND", "hpod"]);
    assert.deepEqual(info.metadata, { study: "nope" });

    const [detail] = error.details;
    assert.ok(detail && "type" in detail && detail.type === "google.rpc.ErrorInfo");
    assert.deepEqual(fromBinary(ErrorInfoSchema, detail.value).metadata, { study: "nope" });
  });

  test(`a refusal about a field names it, in ${form}`, async () => {
    const error = await refusal(trials.suggestTrials({ study: await newStudy(), count: -1 }));
    assert.equal(error.code, Code.InvalidArgument);
    const [info] = error.findDetails(GoogleErrorInfoSchema);
    assert.deepEqual([info?.reason, info?.metadata], ["INVALID_FIELD", { field: "count" }]);
  });

  test(`a time-out is deadline_exceeded, in ${form}`, async () => {
    const study = await newStudy();
    const error = await refusal(open(studies.watchStudy({ study }, { timeoutMs: 200 }))());
    assert.equal(error.code, Code.DeadlineExceeded);
    // Far more than the call needs: the header is understood.
    assert.equal((await studies.getStudy({ study }, { timeoutMs: 60_000 })).study!.name, study);
  });

  test(`a watched study tells what changes, and why it ends, in ${form}`, async () => {
    const study = await newStudy();
    const next = open(studies.watchStudy({ study, afterRevision: 0n }));
    const begin = await next();
    assert.deepEqual([begin.study!.name, begin.trials.length], [study, 0]);

    await trials.enqueueTrial({ study });
    const news = await next();
    assert.ok(news.revision > begin.revision);
    assert.deepEqual(news.trials.map(({ number, state }) => [number, state]), [[0n, TrialState.WAITING]]);

    await studies.deleteStudy({ study });
    const error = await refusal(next());
    assert.equal(error.code, Code.NotFound);
    assert.equal(error.findDetails(GoogleErrorInfoSchema)[0]?.reason, "STUDY_NOT_FOUND");
  });

  test(`a stream that cannot begin is refused like a call, in ${form}`, async () => {
    const error = await refusal(open(studies.watchStudy({ study: "nope" }))());
    assert.deepEqual([error.code, error.rawMessage], [Code.NotFound, "studies/nope does not exist"]);
  });

  test(`a client that would compress is served what it does not compress, in ${form}`, async () => {
    const study = await newStudy();
    const compressing = createClient(
      StudyService,
      createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat, sendCompression: compressionGzip }),
    );
    const enough = new AbortController();
    const next = open(compressing.watchStudy({ study, afterRevision: 0n }, { signal: enough.signal }));
    assert.equal((await next()).study!.name, study);
    enough.abort();
    assert.equal((await compressing.getStudy({ study })).study!.name, study);
    const big = { name: randomUUID(), userAttributes: { text: JSON.stringify("v".repeat(5000)) } };
    assert.equal((await refusal(compressing.createStudy({ study: big }))).code, Code.Unimplemented);
  });
}
