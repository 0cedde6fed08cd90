// Against the daemon that HPOD_SERVER names.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServiceError, status } from "@grpc/grpc-js";
import { toError } from "../src/errors.js";
import { Client, float, int, LeaseLostError, type Study, type StudySettings, type Trial, TrialPruned, UnavailableError } from "../src/index.js";

assert.ok(process.env["HPOD_SERVER"], "HPOD_SERVER must name a running daemon");
const client = new Client();
after(() => client.close());

function newStudy(settings: Partial<StudySettings> = {}): Promise<Study> {
  return client.createStudy({ ...settings, name: randomUUID(), space: [float("x", 0, 1)] });
}

async function states(study: Study): Promise<string[]> {
  return (await study.trials()).map((trial) => trial.state);
}

async function awaitState(study: Study, number: number, state: string): Promise<void> {
  for (const end = performance.now() + 20_000; (await study.trial(number)).state !== state; await sleep(10)) {
    assert.ok(performance.now() < end, `trial ${number} is not ${state}`);
  }
}

test("optimize ends trials as the objective says", async () => {
  const study = await newStudy({ maxTrials: 4 });
  await study.optimize((trial) => {
    if (trial.number === 0) throw new TrialPruned();
    return [0, NaN, Infinity, trial.params["x"] as number][trial.number]!;
  });
  assert.deepEqual(await states(study), ["PRUNED", "FAIL", "COMPLETE", "COMPLETE"]);
});

test("optimize throws the error of the objective and fails its trial", async () => {
  const study = await newStudy();
  const objective = () => {
    throw new RangeError("out of memory");
  };
  await assert.rejects(study.optimize(objective), RangeError);
  const trial = await study.trial(0);
  assert.deepEqual([trial.state, trial.failure], ["FAIL", "RangeError: out of memory"]);
});

test("optimize runs trials in parallel and keeps the budget", async () => {
  const study = await newStudy({ maxTrials: 6 });
  let running = 0;
  let most = 0;
  await study.optimize(
    async () => {
      most = Math.max(most, ++running);
      while (most < 3) await sleep(5);
      running--;
      return 1;
    },
    { parallel: 3 },
  );
  assert.equal(most, 3);
  assert.deepEqual(await states(study), Array(6).fill("COMPLETE"));
});

test("optimize starts no trial once its signal is aborted", async () => {
  const study = await newStudy();
  const stop = new AbortController();
  const objective = (trial: Trial) => {
    if (trial.number === 2) stop.abort();
    return 1;
  };
  await study.optimize(objective, { signal: stop.signal });
  assert.deepEqual(await states(study), Array(3).fill("COMPLETE"));
});

test("optimize waits while another trial may free a place", async () => {
  const study = await newStudy({ maxTrials: 2, maxRunning: 1 });
  const other = await study.suggest();
  setTimeout(() => void other.complete(1), 200);
  await study.optimize(() => 2);
  assert.deepEqual(await states(study), ["COMPLETE", "COMPLETE"]);
});

test("optimize drops a lost trial and goes on", async () => {
  const study = await newStudy({ maxTrials: 1, leaseSeconds: 1 });
  await study.optimize(async (trial) => {
    if (trial.retryOf !== null) return 3;
    clearTimeout((trial as unknown as { lease: { timer: NodeJS.Timeout } }).lease.timer); // as if the process had been stopped
    await awaitState(study, trial.number, "FAIL");
    await assert.rejects(trial.report(0, 1), LeaseLostError);
    assert.ok(trial.signal.reason instanceof LeaseLostError);
    return 2; // stored nowhere
  });
  assert.deepEqual(await states(study), ["FAIL", "COMPLETE"]);
});

test("a fraction is no bound of an int", () => {
  assert.throws(() => int("i", 0, 1.5), /no whole number/);
});

test("an absent daemon is unavailable and named", async () => {
  const absent = new Client({ server: "127.0.0.1:9", retrySeconds: 0 });
  const message = "cannot reach 127.0.0.1:9: connection refused (is hpod running? start it with: hpod)";
  await assert.rejects(absent.loadStudy("s"), (error: unknown) => error instanceof UnavailableError && error.message === message);
  absent.close();
});

test("a server is a host and a port", () => {
  for (const server of ["localhost", "localhost:", "localhost:http", "http://localhost:13000", ":13000", "::1", "[::1]", "::1:13000"])
    assert.throws(() => new Client({ server }), new RangeError(`the server is '${server}', but must be host:port`));
  for (const server of ["localhost:1", "[::1]:65535"]) new Client({ server }).close();
});

function failure(code: status, details: string): UnavailableError {
  return toError({ code, details } as ServiceError, "here:1", 1500);
}

test("a silent daemon is unavailable and named with the time it had", () => {
  const error = failure(status.DEADLINE_EXCEEDED, "Deadline exceeded after 1.501s,LB pick: 0.001s");
  assert.ok(error instanceof UnavailableError);
  assert.equal(error.message, "no answer from here:1 in 1.5 s");
});

test("the cause of a broken connection is its innermost", () => {
  const causes = {
    "No connection established. Last error: Error: connect ECONNREFUSED ::1:9": "connection refused",
    "No connection established. Last error: read ECONNRESET": "connection reset by peer",
    "No connection established. Last error: Error: self-signed certificate": "self-signed certificate",
    "Name resolution failed for target dns:x:1": "Name resolution failed for target dns:x:1",
  };
  for (const [details, cause] of Object.entries(causes))
    assert.equal(failure(status.UNAVAILABLE, details).message, `cannot reach here:1: ${cause} (is hpod running? start it with: hpod)`);
});
