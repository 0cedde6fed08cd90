"""/openapi.json is OpenAPI, and describes every call: what is asked and answered is as it says."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest
from google.protobuf import json_format
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import client as c
import http_client as h
from daemon_process import Daemon
from test_http import LIFE


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[h.Http]:
    daemon = Daemon(tmp_path_factory.mktemp("hpod"), "--http=127.0.0.1:0")
    daemon.start()
    with h.Http(daemon.http_address) as http:
        yield http
    daemon.kill()


@pytest.fixture(scope="module")
def document(http: h.Http) -> Any:
    return http.ask("GET", "/openapi.json").json


def faults(document: Any, name: str, value: Any) -> list[str]:
    """Why `value` is none of the schema `name`."""
    schema = {
        "$ref": f"#/components/schemas/{name}",
        "components": document["components"],
    }
    return [error.message for error in OAS31Validator(schema).iter_errors(value)]


def schema(content: Any) -> str:
    return content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]


def test_it_is_openapi_3_1_with_unique_operations(document: Any) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "hpod" and document["info"]["version"]
    ids = [o["operationId"] for p in document["paths"].values() for o in p.values()]
    assert len(ids) == len(set(ids)) > 0


def test_it_is_valid(document: Any) -> None:
    assert [str(e) for e in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_requests_and_answers_are_as_it_says(http: h.Http, document: Any) -> None:
    for name, fields in LIFE:
        request = json_format.MessageToDict(c.request_type(name)(**fields))
        answer = http.post(name, request)
        assert answer.status == 200, answer
        method = c.METHODS[name][1]
        assert faults(document, method.input_type.full_name, request) == [], name
        assert faults(document, method.output_type.full_name, answer.json) == [], name


@pytest.mark.parametrize(
    "name, request_, header",
    [
        ("GetStudy", {"study": "nope"}, {}),
        ("GetStudy", {"studdy": "nope"}, {}),
        ("SuggestTrials", {"study": "life", "count": -1}, {}),
        ("ListStudies", {}, {"Connect_Timeout_Ms": "soon"}),
        ("ListStudies", {}, {"Content_Type": "text/plain"}),
    ],
)
def test_errors_are_as_it_says(
    http: h.Http, document: Any, name: str, request_: Any, header: dict[str, str]
) -> None:
    answer = http.post(name, request_, **header)
    assert answer.status >= 400
    assert faults(document, "Error", answer.json) == []


@pytest.mark.parametrize(
    "name, value",
    [
        ("hpo.v1.GetStudyRequest", {"studdy": "s"}),
        ("hpo.v1.GetStudyRequest", {"study": 5}),
        ("hpo.v1.ReportValueRequest", {"value": "much"}),
        ("hpo.v1.ReportValueRequest", {"step": 1.5}),
        ("hpo.v1.CompleteTrialRequest", {"state": "COMPLETE"}),
        ("hpo.v1.UpdateStudyRequest", {"update": {"lease": 60}}),
        ("Error", {"code": "teapot"}),
    ],
)
def test_what_is_refused_is_not_as_it_says(
    document: Any, name: str, value: Any
) -> None:
    assert faults(document, name, value)


def test_every_unary_call_has_its_messages(document: Any) -> None:
    paths = {path.rsplit("/", 1)[1]: verbs for path, verbs in document["paths"].items()}
    assert set(paths) == set(c.METHODS)
    for name, (_, method) in c.METHODS.items():
        if method.server_streaming:
            continue
        post = paths[name]["post"]
        request = schema(post["requestBody"]["content"])
        response = schema(post["responses"]["200"]["content"])
        assert request == method.input_type.full_name, name
        assert response == method.output_type.full_name, name
        fields = document["components"]["schemas"][request].get("properties", {})
        assert len(fields) == len(method.input_type.fields), name
