"""The table of values and states, without a daemon."""

import math

import pytest

from hpod import TrialState
from hpod._tell import judge


@pytest.mark.parametrize("values", [1, 1.5, math.inf, -math.inf, [2.0], (2.0,), True])
def test_a_number_completes(values):
    outcome = judge(values, None, 1)
    assert outcome.state is TrialState.COMPLETE
    assert len(outcome.values) == 1


def test_as_many_numbers_as_objectives_complete():
    assert judge((1, 2.5), None, 2).values == [1.0, 2.5]


BAD = [None, math.nan, "a", object(), [1.0, 2.0], [], [math.nan], [None]]


@pytest.mark.parametrize("values", BAD)
def test_a_bad_value_without_a_state_fails_and_says_why(values):
    outcome = judge(values, None, 1)
    assert outcome.state is TrialState.FAIL
    assert outcome.values == []
    assert "the objective gave" in outcome.problem


@pytest.mark.parametrize("values", BAD)
def test_a_bad_value_with_complete_is_refused(values):
    with pytest.raises(ValueError, match="the objective gave"):
        judge(values, TrialState.COMPLETE, 1)


@pytest.mark.parametrize("state", [TrialState.PRUNED, TrialState.FAIL])
def test_pruned_and_fail_take_no_values(state):
    assert judge(None, state, 1).state is state
    with pytest.raises(ValueError, match=state.name):
        judge(1.0, state, 1)


@pytest.mark.parametrize("state", [TrialState.RUNNING, TrialState.WAITING, 7])
def test_no_trial_ends_running_or_waiting(state):
    with pytest.raises(ValueError, match="COMPLETE, PRUNED or FAIL"):
        judge(None, state, 1)
