"""WatchStudy: what a reader sees, from where it resumes, what it costs the daemon."""

from __future__ import annotations

import threading
from typing import Callable, Optional

import grpc
from hpo.v1 import study_service_pb2, trial_pb2

import client as c
from daemon_process import Daemon

SECONDS = 20.0


class Watch:
    """A stream, and what its reader knows: the study and the trials by number."""

    def __init__(
        self, client: c.Client, study: str, after_revision: Optional[int] = None
    ) -> None:
        request = study_service_pb2.WatchStudyRequest(
            study=study, after_revision=after_revision
        )
        self.stream = client.stubs[0].WatchStudy(request, timeout=SECONDS)
        self.study = None
        self.revision = -1
        self.trials: dict[int, trial_pb2.Trial] = {}
        self.messages = 0

    def read(self) -> study_service_pb2.WatchStudyResponse:
        message = next(self.stream)
        assert message.revision > self.revision
        assert len(message.trials) <= 500
        revisions = [trial.revision for trial in message.trials]
        assert revisions == sorted(revisions)
        self.study, self.revision = message.study, message.revision
        self.trials.update({trial.number: trial for trial in message.trials})
        self.messages += 1
        return message

    def read_to(self, revision: int) -> "Watch":
        while self.revision < revision:
            self.read()
        return self

    def end(self) -> c.Refusal:
        """How the stream ends; what comes before is read."""
        try:
            while True:
                self.read()
        except grpc.RpcError as error:
            return c.refusal(error)

    def assert_knows(self, client: c.Client) -> None:
        """All that the daemon has, but for when leases end."""
        known = [trial for _, trial in sorted(self.trials.items())]
        stored = client.trials(self.study.name)
        for trial in (*known, *stored):
            trial.lease.ClearField("expire_time")
        assert known == stored
        assert self.study == client.GetStudy(study=self.study.name).study


def fill(client: c.Client, study: str, count: int) -> None:
    trial = trial_pb2.Trial(state=c.COMPLETE, values=[1.0])
    client.AddTrials(study=study, trials=[trial] * count)


def change_everything(client: c.Client, study: str) -> int:
    """Each kind of change once; the last revision."""
    number = client.suggest(study).number
    key = {"study": study, "number": number}
    client.SuggestParameter(parameter=c.floats("x", 0.0, 1.0), **key)
    client.ReportValue(step=1, value=0.5, **key)
    client.SetTrialAttributes(user_attributes={"k": "1"}, constraints={"c": 0.0}, **key)
    client.EnqueueTrial(study=study)
    client.CompleteTrial(values=[1.0], **key)
    client.StopStudy(study=study)
    client.UpdateStudy(study=study, update_mask={"paths": ["stopped"]})
    return client.GetStudy(study=study).study.revision


def test_after_0_everything_is_sent(client: c.Client) -> None:
    client.create("snapshot")
    for _ in range(2):
        fill(client, "snapshot", 600)
    client.suggest("snapshot")
    last = client.GetStudy(study="snapshot").study.revision
    watch = Watch(client, "snapshot", 0).read_to(last)
    assert watch.messages == 3
    watch.assert_knows(client)


def test_a_revision_of_a_study_that_had_the_name_before_counts_as_0(
    client: c.Client,
) -> None:
    client.create("again")
    fill(client, "again", 3)
    before = client.GetStudy(study="again").study.revision
    client.DeleteStudy(study="again")
    client.create("again")
    message = Watch(client, "again", before).read()
    assert message.study.counts.complete == 0
    assert message.revision < before


def test_a_study_without_trials_is_sent_too(client: c.Client) -> None:
    made = client.create("empty")
    message = Watch(client, "empty", 0).read()
    assert (message.study, len(message.trials), message.revision) == (
        made,
        0,
        made.revision,
    )


def test_without_a_revision_only_news_is_sent(client: c.Client) -> None:
    client.create("news")
    fill(client, "news", 3)
    watch = Watch(client, "news")
    # Nothing comes until something changes: make changes until the stream is open.
    stop = threading.Event()

    def keep_changing() -> None:
        while not stop.wait(0.01):
            client.EnqueueTrial(study="news")

    thread = threading.Thread(target=keep_changing)
    thread.start()
    watch.read()
    stop.set()
    thread.join()
    watch.read_to(client.GetStudy(study="news").study.revision)
    assert watch.trials and min(watch.trials) >= 3


def test_each_kind_of_change_is_seen_live(client: c.Client) -> None:
    client.create("live", pruner={"name": "none"})
    watch = Watch(client, "live", 0)
    watch.read()

    def seen() -> trial_pb2.Trial:
        return watch.read_to(client.GetStudy(study="live").study.revision).trials[0]

    client.suggest("live", worker="w")
    assert (seen().state, watch.study.counts.running) == (c.RUNNING, 1)
    key = {"study": "live", "number": 0}
    client.SuggestParameter(parameter=c.ints("x", 1, 1), **key)
    assert c.params(seen()) == {"x": 1}
    client.ReportValue(step=1, value=0.5, **key)
    assert len(seen().intermediate_values) == 1
    client.SetTrialAttributes(user_attributes={"k": "1"}, **key)
    assert dict(seen().user_attributes) == {"k": "1"}
    client.CompleteTrial(state=c.PRUNED, **key)
    assert (seen().state, list(seen().values)) == (c.PRUNED, [0.5])
    client.StopStudy(study="live")
    seen()
    assert watch.study.stopped
    watch.assert_knows(client)


def test_an_expired_lease_is_seen_with_nobody_calling(client: c.Client) -> None:
    client.create("expire", lease=c.seconds(1))
    client.EnqueueTrial(study="expire", params=c.assignments(x=1))
    client.suggest("expire")
    watch = Watch(client, "expire", 0)
    while 1 not in watch.trials:
        watch.read()
    assert (watch.trials[0].state, watch.trials[1].state) == (c.FAIL, c.WAITING)
    assert watch.trials[1].retry_of == 0


def test_a_watch_resumes_from_its_revision_across_a_restart(
    start: Callable[..., Daemon],
) -> None:
    daemon = start()
    with c.Client(daemon.address) as client:
        client.create("resume")
        fill(client, "resume", 700)
        watch = Watch(client, "resume", 0)
        watch.read()
        resume_at = watch.revision
        change_everything(client, "resume")
    daemon.kill()
    watch.end()
    daemon.start()
    with c.Client(daemon.address) as client:
        last = change_everything(client, "resume")
        again = Watch(client, "resume", resume_at)
        again.trials = {
            n: t for n, t in watch.trials.items() if t.revision <= resume_at
        }
        assert len(again.trials) == 500
        again.read_to(last)
        # All that is after the revision, and nothing twice.
        assert again.messages == 1
        again.assert_knows(client)
        silent = Watch(client, "resume", last)
        client.EnqueueTrial(study="resume")
        assert [trial.number for trial in silent.read().trials] == [len(again.trials)]


def test_a_slow_reader_misses_steps_and_never_the_outcome(
    start: Callable[..., Daemon],
) -> None:
    # AddressSanitizer holds back what is freed: here, little of it.
    daemon = start(environment={"ASAN_OPTIONS": "quarantine_size_mb=1"})
    with c.Client(daemon.address) as client:
        client.create("slow", pruner={"name": "none"})
        watch = Watch(client, "slow", 0)
        trials = client.SuggestTrials(study="slow", count=40).trials
        before = resident_bytes(daemon)
        text = '"' + "v" * 20_000 + '"'
        rounds = 25
        for i in range(rounds):
            for trial in trials:
                client.SetTrialAttributes(
                    study="slow",
                    number=trial.number,
                    user_attributes={"text": text, "i": str(i)},
                )
        # 40 trials of 20 kB, changed 25 times: what is not read is not kept.
        assert resident_bytes(daemon) - before < 12 << 20
        watch.read_to(client.GetStudy(study="slow").study.revision)
        assert watch.messages < rounds * len(trials)
        watch.assert_knows(client)


def resident_bytes(daemon: Daemon) -> int:
    with open(f"/proc/{daemon.pid}/statm") as statm:
        return int(statm.read().split()[1]) * 4096


def test_deletion_ends_a_watch_also_if_the_name_is_used_again(client: c.Client) -> None:
    client.create("ends")
    watches = [Watch(client, "ends", 0) for _ in range(3)]
    for watch in watches:
        watch.read()
    client.DeleteStudy(study="ends")
    client.create("ends")
    client.suggest("ends")
    for watch in watches:
        end = watch.end()
        assert (end.code, end.reason) == ("NOT_FOUND", "STUDY_NOT_FOUND")
        assert end.metadata == {"study": "ends"}
        assert not watch.trials


def test_many_watchers_see_the_same(client: c.Client) -> None:
    client.create("many")
    watches = [Watch(client, "many", 0) for _ in range(200)]
    for watch in watches:
        watch.read()
    last = change_everything(client, "many")
    for watch in watches:
        watch.read_to(last)
    for watch in watches[::50]:
        watch.assert_knows(client)
    for watch in watches[1:]:
        watch.stream.cancel()
    client.EnqueueTrial(study="many")
    watches[0].read_to(client.GetStudy(study="many").study.revision).assert_knows(
        client
    )


def test_a_reader_that_is_gone_is_no_trouble(daemon: Daemon, client: c.Client) -> None:
    client.create("gone")
    for _ in range(20):
        with c.Client(daemon.address) as reader:
            for watch in [Watch(reader, "gone", 0) for _ in range(5)]:
                watch.read()
        client.EnqueueTrial(study="gone")
    Watch(client, "gone", 0).read_to(
        client.GetStudy(study="gone").study.revision
    ).assert_knows(client)
