"""Optuna's plots and its dashboard on a study that hpod's own client has made."""

from __future__ import annotations

import io
import json
from typing import Any, Iterator

import hpod
import optuna
import optuna_dashboard
import pytest
from optuna.storages import GrpcStorageProxy

from daemon_process import Daemon


@pytest.fixture(scope="module")
def native(daemon: Daemon) -> Iterator[hpod.Study]:
    study = hpod.create_study("plots", server=daemon.address, sampler="random", seed=1)

    def objective(trial: hpod.Trial) -> float:
        x = trial.suggest_float("x", -10, 10)
        rate = trial.suggest_float("rate", 1e-5, 0.1, log=True)
        kind = trial.suggest_categorical("kind", ["a", "b"])
        for step in range(4):
            trial.report(x * x / (step + 1), step)
            if trial.should_prune():
                raise hpod.TrialPruned
        return x * x + rate + (kind == "b")

    study.optimize(objective, n_trials=30)
    yield study


@pytest.mark.parametrize(
    "plot",
    [
        optuna.visualization.plot_contour,
        optuna.visualization.plot_edf,
        optuna.visualization.plot_intermediate_values,
        optuna.visualization.plot_optimization_history,
        optuna.visualization.plot_parallel_coordinate,
        optuna.visualization.plot_rank,
        optuna.visualization.plot_slice,
        optuna.visualization.plot_timeline,
    ],
)
def test_plots(native: hpod.Study, storage: GrpcStorageProxy, plot: Any) -> None:
    figure = plot(optuna.load_study(study_name="plots", storage=storage))
    drawn = [trace for trace in figure.data if trace.to_plotly_json()]
    assert len(drawn) > 0


def test_the_history_plot_has_the_values(native: hpod.Study, storage: GrpcStorageProxy) -> None:
    study = optuna.load_study(study_name="plots", storage=storage)
    figure = optuna.visualization.plot_optimization_history(study)
    complete = [t for t in native.trials if t.state == hpod.TrialState.COMPLETE]
    assert list(figure.data[0].x) == [t.number for t in complete]
    assert list(figure.data[0].y) == [t.values[0] for t in complete]


class Dashboard:
    """The dashboard's web application, called without a web server."""

    def __init__(self, storage: GrpcStorageProxy) -> None:
        self.application = optuna_dashboard.wsgi(storage)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        sent = json.dumps(body).encode() if body is not None else b""
        status: list[str] = []
        path, _, query = path.partition("?")
        reply = self.application(
            {
                "REQUEST_METHOD": method,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(sent)),
                "SERVER_NAME": "localhost",
                "SERVER_PORT": "80",
                "SERVER_PROTOCOL": "HTTP/1.1",
                "wsgi.input": io.BytesIO(sent),
                "wsgi.errors": io.StringIO(),
                "wsgi.url_scheme": "http",
            },
            lambda line, headers, error=None: status.append(line),
        )
        text = b"".join(reply)
        return int(status[0].split()[0]), json.loads(text) if text else None


def test_the_dashboard_shows_a_native_study(
    native: hpod.Study, storage: GrpcStorageProxy
) -> None:
    dashboard = Dashboard(storage)
    code, reply = dashboard.call("GET", "/api/studies")
    assert code == 200
    summary = next(s for s in reply["study_summaries"] if s["study_name"] == "plots")

    code, detail = dashboard.call("GET", f"/api/studies/{summary['study_id']}?after=0")
    assert code == 200
    assert [t["number"] for t in detail["trials"]] == list(range(30))
    for shown, trial in zip(detail["trials"], native.trials, strict=True):
        assert shown["state"].upper() == trial.state.name
        assert {p["name"] for p in shown["params"]} == {"x", "rate", "kind"}
        assert [v["step"] for v in shown["intermediate_values"]] == list(
            trial.intermediate_values
        )


def test_the_dashboard_notes_renames_and_deletes(storage: GrpcStorageProxy) -> None:
    study = optuna.create_study(study_name="board", storage=storage)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    dashboard = Dashboard(storage)
    board = f"/api/studies/{study._study_id}"

    note = {"body": "é" * 3_000, "version": 1}
    code, _ = dashboard.call("PUT", f"{board}/note", note)
    assert code == 204
    code, detail = dashboard.call("GET", f"{board}?after=0")
    assert detail["note"]["body"] == note["body"]
    code, _ = dashboard.call("PUT", f"{board}/note", note)
    assert code == 409

    params = [trial.params for trial in study.trials]
    code, _ = dashboard.call("POST", f"{board}/rename", {"study_name": "renamed"})
    assert code == 201
    renamed = optuna.load_study(study_name="renamed", storage=storage)
    assert [trial.params for trial in renamed.trials] == params
    code, _ = dashboard.call("DELETE", f"/api/studies/{renamed._study_id}", {})
    assert code == 204
    assert "renamed" not in optuna.get_all_study_names(storage)
