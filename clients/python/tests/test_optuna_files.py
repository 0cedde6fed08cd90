"""hpoctl study import optuna and export optuna: Optuna's SQLite files, there and back."""

import datetime
import json
import math
import os
import sqlite3
import subprocess
import uuid
import warnings
from pathlib import Path

import optuna
import pytest
import sqlalchemy
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState, create_trial

import hpod

optuna.logging.set_verbosity(optuna.logging.WARNING)
warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)


@sqlalchemy.event.listens_for(sqlalchemy.Engine, "connect")
def hurry(connection, _):
    """These files need not survive a power cut."""
    connection.execute("PRAGMA synchronous = OFF")


HPOCTL = os.environ.get("HPOCTL_BINARY") or str(
    Path(__file__).resolve().parents[3] / "build" / "release" / "bin" / "hpoctl"
)


@pytest.fixture
def hpoctl(daemon):
    def run(*arguments, code=0):
        done = subprocess.run(
            [HPOCTL, *arguments, "--server", daemon.address],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/made.db"


@pytest.fixture
def out(tmp_path):
    return f"sqlite:///{tmp_path}/exported.db"


@pytest.fixture
def name():
    return f"file {uuid.uuid4()} é✓"


def plain(value):
    """`value` with texts for floats, so that NaN is equal to NaN and 1 is not 1.0."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return repr(value)


def fields(trial):
    """All that a FrozenTrial has, but for its id."""
    everything = {k: v for k, v in vars(trial).items() if k != "_trial_id"}
    assert set(everything) == {
        "_number",
        "state",
        "_values",
        "_datetime_start",
        "datetime_complete",
        "_params",
        "_distributions",
        "_user_attrs",
        "_system_attrs",
        "intermediate_values",
    }
    return plain(everything)


def system_attrs(study):
    return study._storage.get_study_system_attrs(study._study_id)


def assert_equal(one, other):
    assert one.study_name == other.study_name
    assert one.directions == other.directions
    assert one.metric_names == other.metric_names
    assert plain(one.user_attrs) == plain(other.user_attrs)
    assert plain(system_attrs(one)) == plain(system_attrs(other))
    assert len(one.trials) == len(other.trials)
    for mine, theirs in zip(one.trials, other.trials):
        assert fields(mine) == fields(theirs)


def make_study(name, url):
    study = optuna.create_study(
        study_name=name,
        storage=url,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=2),
        sampler=optuna.samplers.TPESampler(seed=1),
    )
    study.set_user_attr("team", {"name": "é ☃ 𝄞", "numbers": [1, 2.5, None, math.inf]})
    study.set_user_attr("note", 'a\nb\t\\ "quoted"')
    study.set_metric_names(["loss"])

    def objective(trial):
        x = trial.suggest_float("x", -1, 1)
        lr = trial.suggest_float("lr", 1e-7, 1e-1, log=True)
        trial.suggest_float("dropout", 0, 0.9, step=0.1)
        trial.suggest_int("units", 1, 64, log=True)
        trial.suggest_int("even", 0, 10, step=3)
        kind = trial.suggest_categorical("kind", ["a", None, True, 7, 2.5, "é", "1"])
        if kind == "a":
            trial.suggest_int("only a", -5, 5)
        trial.set_user_attr("lr text", str(lr))
        trial.set_constraint("size", x)
        trial.report(math.nan, 0)
        trial.report(math.inf, 1)
        trial.report(-math.inf, 2)
        trial.report(x, 10)
        if trial.number % 5 == 2:
            raise optuna.TrialPruned
        if trial.number % 5 == 3:
            raise RuntimeError("broken")
        if trial.number == 5:
            return math.inf
        return -math.inf if trial.number == 6 else x

    study.optimize(objective, n_trials=20, catch=(RuntimeError,))
    return study


def test_a_study_comes_back_equal_in_every_field(hpoctl, name, url, out):
    study = make_study(name, url)
    study.ask({"x": FloatDistribution(-1, 1)}).report(1.5, 3)
    study.ask()
    study.enqueue_trial({"x": 0.25, "kind": None, "units": 3}, user_attrs={"by": "me"})
    study.enqueue_trial({"x": math.inf, "other": [1, {"a": 2}]})
    states = {trial.state for trial in study.trials}
    assert states == set(TrialState)
    assert hpoctl("study", "import", "optuna", url).endswith("imported (24 trials)\n")
    hpoctl("study", "export", "optuna", name, out)
    exported = optuna.load_study(study_name=name, storage=out)
    assert_equal(study, exported)
    # And a study goes on from the file that was written.
    exported.optimize(lambda trial: trial.suggest_float("x", -1, 1), n_trials=2)


def test_the_daemon_has_what_the_file_has(hpoctl, name, url):
    study = make_study(name, url)
    study.enqueue_trial({"x": 0.25, "kind": None})
    hpoctl("study", "import", "optuna", url, "--name", f"{name} here")
    there = hpod.load_study(f"{name} here")
    assert there.metric_names == ["loss"]
    assert there.user_attrs["team"] == study.user_attrs["team"]
    assert there.best_value == study.best_value == -math.inf
    for mine, theirs in zip(there.trials, study.trials):
        assert mine.state.name == theirs.state.name
        assert mine.values == theirs.values
        assert plain(mine.intermediate_values) == plain(theirs.intermediate_values)
        assert mine.constraints == theirs.constraints
        assert mine.datetime_start == theirs.datetime_start
        assert mine.datetime_complete == theirs.datetime_complete
        if theirs.state is not TrialState.WAITING:
            assert plain(mine.params) == plain(theirs.params)
    # The enqueued trial is the next to be handed out.
    trial = there.ask()
    assert trial.number == 20
    assert trial.suggest_float("x", -1, 1) == 0.25
    assert (
        trial.suggest_categorical("kind", ["a", None, True, 7, 2.5, "é", "1"]) is None
    )


def odd_trials():
    """Trials that the daemon refuses, or would have otherwise."""
    start = datetime.datetime(2021, 3, 28, 2, 30, 0, 1)
    yield optuna.trial.FrozenTrial(
        number=-1,
        trial_id=-1,
        state=TrialState.COMPLETE,
        value=1.0,
        datetime_start=start,
        datetime_complete=start + datetime.timedelta(days=400, microseconds=7),
        params={"x": 25.0, "n": 99, "s": 0.33, "log": 3.0, "big": 2**60},
        distributions={
            "x": FloatDistribution(-10, 10),
            "n": IntDistribution(1, 10, step=3),
            "s": FloatDistribution(0, 1, step=0.25),
            "log": FloatDistribution(0.1, 1, log=True),
            "big": IntDistribution(0, 2**62),
        },
        user_attrs={"": 1, "long": "x" * 100_000},
        system_attrs={"cma:0": "abc", "constraints": [0.5, -1.0]},
        intermediate_values={},
    )
    choices = [(1, 2), [3], {"a": math.nan}, 1, 1.0, True, "x", math.nan, -math.inf]
    yield create_trial(
        params={"c": [3], "twice": 1},
        distributions={
            "c": CategoricalDistribution(choices),
            "twice": CategoricalDistribution([1, 1, 2]),
        },
        value=2.0,
    )
    yield create_trial(
        params={"nan": -math.inf},
        distributions={"nan": CategoricalDistribution([math.nan, -math.inf, "NaN"])},
        state=TrialState.PRUNED,
        intermediate_values={0: 1e-320, 9_223_372_036_854_775_807: 1.7e308},
    )


def test_what_the_daemon_cannot_have_comes_back_too(hpoctl, name, url, out):
    study = optuna.create_study(study_name=name, storage=url, directions=["maximize"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # add_trial refuses some of these; a storage does not.
        for trial in odd_trials():
            study._storage.create_new_trial(study._study_id, template_trial=trial)
    failed = study.ask()
    study.tell(failed, state=TrialState.FAIL)
    hpoctl("study", "import", "optuna", url)
    hpoctl("study", "export", "optuna", name, out)
    assert_equal(study, optuna.load_study(study_name=name, storage=out))
    there = hpod.load_study(name).trials
    assert there[0].params["x"] == 25.0
    assert there[0].constraints == {"0": 0.5, "1": -1.0}
    assert there[1].params["c"] == "1: [3]"
    assert there[2].params["nan"] == -math.inf


def test_several_studies_and_objectives_are_imported_at_once(hpoctl, name, url, out):
    for suffix in "ab":
        study = optuna.create_study(
            study_name=name + suffix, storage=url, directions=["minimize", "maximize"]
        )
        study.set_metric_names(["loss", "speed"])
        study.optimize(
            lambda t: (t.suggest_float("x", 0, 1), t.suggest_int("n", 1, 4)), n_trials=5
        )
    hpoctl("study", "import", "optuna", url)
    for suffix in "ab":
        hpoctl("study", "export", "optuna", name + suffix, out)
    for suffix in "ab":
        assert_equal(
            optuna.load_study(study_name=name + suffix, storage=url),
            optuna.load_study(study_name=name + suffix, storage=out),
        )
    message = hpoctl("study", "export", "optuna", name + "a", out, code=2)
    assert "is in the file already" in message
    hpoctl("study", "export", "optuna", name + "a", out, "--name", "another")
    assert len(optuna.load_study(study_name="another", storage=out).trials) == 5


def test_a_native_study_is_one_of_optunas_and_comes_back(hpoctl, name, out, daemon):
    study = hpod.create_study(
        name,
        direction="maximize",
        sampler=hpod.Sampler("tpe", n_startup_trials=3),
        seed=11,
        space={
            "x": hpod.FloatDistribution(0, 1),
            "opt": hpod.CategoricalDistribution(["adam", "sgd"]),
            "m": hpod.When({"opt": ["sgd"]}, hpod.FloatDistribution(0, 0.99)),
        },
        max_trials=50,
        metric_names=["accuracy"],
        user_attrs={"team": "vision"},
    )

    def objective(trial):
        trial.report(trial.params["x"], 1)
        trial.set_constraint("late", -1.0)
        if trial.number == 3:
            raise ValueError("broken")
        return trial.params["x"]

    study.optimize(objective, n_trials=8, catch=(ValueError,))
    study.enqueue_trial({"x": 0.5, "opt": "sgd"})
    hpoctl("study", "export", "optuna", name, out)
    theirs = optuna.load_study(study_name=name, storage=out)
    assert theirs.best_value == study.best_value
    assert theirs.best_params == study.best_params
    assert theirs.metric_names == ["accuracy"]
    assert theirs.trials[0].constraints == {"late": -1.0}
    assert theirs.trials[8].state is TrialState.WAITING
    assert theirs.trials[8].system_attrs["fixed_params"] == {"x": 0.5, "opt": "sgd"}

    hpoctl("study", "import", "optuna", out, "--name", f"{name} back")

    def document(study_name):
        lines = hpoctl("study", "export", study_name).splitlines()
        documents = [json.loads(line) for line in lines]
        # What the daemon gives out itself.
        for outer in documents:
            for inner in outer.values():
                for key in ("id", "revision", "create_time", "name"):
                    inner.pop(key, None)
                inner.get("user_attributes", {}).pop("optuna:trial", None)
        return documents

    assert document(f"{name} back") == document(name)


def test_an_imported_trial_that_went_on_is_exported_as_it_is_now(
    hpoctl, name, url, out
):
    study = optuna.create_study(study_name=name, storage=url)
    study.enqueue_trial({"x": 0.5}, user_attrs={"by": "me"})
    hpoctl("study", "import", "optuna", url)
    there = hpod.load_study(name)
    there.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    hpoctl("study", "export", "optuna", name, out)
    trials = optuna.load_study(study_name=name, storage=out).trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 2
    assert (trials[0].value, trials[0].params) == (0.5, {"x": 0.5})
    assert trials[0].user_attrs == {"by": "me"}
    assert trials[0].datetime_start is not None
    assert trials[0].system_attrs["fixed_params"] == {"x": 0.5}


def test_a_file_that_is_none_of_optunas_is_refused(hpoctl, tmp_path, daemon):
    text = tmp_path / "text.db"
    text.write_text("not a database, but long enough to be looked at" * 20)
    assert "no database of Optuna" in hpoctl(
        "study", "import", "optuna", str(text), code=2
    )
    missing = f"sqlite:///{tmp_path}/missing.db"
    message = hpoctl("study", "import", "optuna", missing, code=2)
    assert "cannot open" in message and "missing.db" in message
    assert not (tmp_path / "missing.db").exists()
    message = hpoctl("study", "import", "optuna", "mysql://host/db", code=2)
    assert "is no SQLite file (known: sqlite:///PATH" in message
    own = daemon.storage
    assert "no database of Optuna" in hpoctl("study", "import", "optuna", own, code=2)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (x)")
    study = hpod.create_study(f"native {uuid.uuid4()}")
    message = hpoctl("study", "export", "optuna", study.study_name, str(other), code=2)
    assert "has tables, but not those of Optuna" in message
    old = tmp_path / "old.db"
    optuna.create_study(storage=f"sqlite:///{old}")
    with sqlite3.connect(old) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v2.6.0.a'")
    assert "optuna storage upgrade" in hpoctl(
        "study", "import", "optuna", str(old), code=2
    )


def test_a_database_is_no_file_of_json_lines(hpoctl, tmp_path, name, url):
    optuna.create_study(study_name=name, storage=url)
    path = url.removeprefix("sqlite:///")
    study = hpod.create_study(f"native {uuid.uuid4()}")
    for file in (path, url):
        message = hpoctl("study", "export", study.study_name, file, code=2)
        assert f"hpoctl study export optuna STUDY {file}" in message
        message = hpoctl("study", "import", file, code=2)
        assert f"hpoctl study import optuna {file}" in message
    assert optuna.get_all_study_names(url) == [name]


def test_an_unknown_study_of_the_file_is_named_with_the_known(hpoctl, name, url):
    optuna.create_study(study_name=name, storage=url)
    optuna.create_study(study_name="second", storage=url)
    message = hpoctl("study", "import", "optuna", url, "--study", "third", code=2)
    assert f"no study 'third' in the file (known: {name}, second)" in message
    message = hpoctl("study", "import", "optuna", url, "--name", "third", code=2)
    assert "choose one of 2 with --study" in message


def test_an_import_that_fails_leaves_nothing_behind(hpoctl, name, url):
    study = optuna.create_study(study_name=name, storage=url)
    study.add_trial(create_trial(value=1.0))
    study.add_trial(create_trial(value=1.0, user_attrs={"large": "x" * 2_000_000}))
    message = hpoctl("study", "import", "optuna", url, code=1)
    assert "(nothing was imported)" in message
    assert name not in hpod.get_all_study_names()


@pytest.fixture(autouse=True)
def server(daemon, monkeypatch):
    monkeypatch.setenv("HPOD_SERVER", daemon.address)
