"""/openapi.json describes every call, and whatever it refers to is there."""

from __future__ import annotations

import json
import urllib.request
from typing import Any, Iterator

import pytest

import client as c
import http_client as h
from daemon_process import Daemon


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    daemon = Daemon(tmp_path_factory.mktemp("hpod"), "--http=127.0.0.1:0")
    daemon.start()
    address = f"http://{daemon.http_address}/openapi.json"
    with urllib.request.urlopen(address, timeout=10) as answer:
        yield json.load(answer)
    daemon.kill()


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def schema(content: Any) -> str:
    return content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]


def test_it_is_openapi_3_1_with_unique_operations(document: Any) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "hpod" and document["info"]["version"]
    ids = [o["operationId"] for p in document["paths"].values() for o in p.values()]
    assert len(ids) == len(set(ids)) > 0


def test_what_is_referred_to_is_there(document: Any) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        place = document
        for key in reference.removeprefix("#/").split("/"):
            assert key in place, reference
            place = place[key]


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
