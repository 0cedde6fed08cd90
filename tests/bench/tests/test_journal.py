"""An interrupted run goes on; another build does not inherit its results."""

import sys

import pytest

from bench.child import Child, ChildError
from bench.journal import Journal
from bench.must_hold import Bar


def test_results_survive_and_belong_to_their_build(tmp_path):
    Journal(tmp_path / "runs.jsonl").put("a", "build 1", {"x": 1})
    again = Journal(tmp_path / "runs.jsonl")
    assert again.get("a", "build 1") == {"x": 1}
    assert again.get("a", "build 2") is None


def test_a_half_written_line_is_left_out(tmp_path):
    path = tmp_path / "runs.jsonl"
    Journal(path).put("a", "s", 1)
    path.write_text(path.read_text() + '{"key": "b", "sta')
    assert Journal(path).get("a", "s") == 1


def test_a_child_that_says_nothing_is_ended():
    child = Child([sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(ChildError, match="said nothing for 0.2 s"):
        child.ask("hello", 0.2)


def test_a_child_that_ends_is_an_error():
    with Child([sys.executable, "-c", "raise SystemExit(3)"]) as child:
        with pytest.raises(ChildError, match="exit code 3"):
            child.read(20)


def test_bars_hold_by_their_direction():
    assert Bar("fast", 10, 10.5, at_least=True).verdict == "holds"
    assert Bar("fast", 10, 9.9, at_least=True).verdict == "**does not hold**"
    assert Bar("small", 200, 752, at_least=False).verdict == "**does not hold**"
    assert Bar("small", 200, None, at_least=False).verdict == "not measured"
