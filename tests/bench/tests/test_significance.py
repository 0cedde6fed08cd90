"""The statistics that verdicts rest on."""

import itertools
import random

import pytest

from bench.quality.verdict_rules import judge
from bench.significance import holm, mean_ranks, midranks, quantile, signed_rank_p


def test_equal_values_share_their_ranks():
    assert midranks([3.0, 1.0, 3.0, 2.0]) == [3.5, 1.0, 3.5, 2.0]


def test_p_of_the_signed_rank_test_is_that_of_the_published_table():
    # n = 10 and a rank sum of 8: two-sided 0.0488 (Wilcoxon and Wilcox, 1964); all ten of one sign: 2 / 2^10.
    differences = [1, 2, -3, 4, -5, 6, 7, 8, 9, 10]
    assert signed_rank_p(differences, [0] * 10) == pytest.approx(0.0488, abs=5e-5)
    assert signed_rank_p(range(1, 11), [0] * 10) == pytest.approx(2 / 1024)


def test_p_with_ties_is_that_of_all_signs():
    generator = random.Random(1)
    first = [generator.randint(0, 4) for _ in range(9)]
    second = [generator.randint(0, 4) for _ in range(9)]
    differences = [a - b for a, b in zip(first, second) if a != b]
    ranks = midranks([abs(d) for d in differences])

    def imbalance(signs):
        return abs(sum(sign * rank for sign, rank in zip(signs, ranks)))

    own = imbalance([1 if d > 0 else -1 for d in differences])
    all_signs = list(itertools.product((-1, 1), repeat=len(ranks)))
    expected = sum(imbalance(signs) >= own - 1e-9 for signs in all_signs) / len(all_signs)
    assert signed_rank_p(first, second) == pytest.approx(min(1.0, expected))


def test_pairs_without_a_difference_prove_nothing():
    assert signed_rank_p([1.0, 2.0], [1.0, 2.0]) == 1.0


def test_p_is_the_same_from_both_sides():
    first, second = [1.0, 5.0, 2.5, 7.0], [2.0, 3.0, 2.0, 1.0]
    assert signed_rank_p(first, second) == signed_rank_p(second, first)


def test_holm_multiplies_the_smallest_by_all_and_never_decreases():
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert holm([0.9, 0.9]) == [1.0, 1.0]


def test_mean_ranks_are_over_seeds():
    assert mean_ranks([[1.0, 5.0], [2.0, 4.0], [2.0, 6.0]]) == [1.5, 1.75, 2.75]


def test_quantiles_interpolate():
    assert quantile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert quantile([1.0], 0.95) == 1.0


def test_a_verdict_needs_significance_and_says_who_is_smaller():
    low, high = [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]
    assert judge(0.01, low, high) == "better"
    assert judge(0.01, high, low) == "worse"
    assert judge(0.2, low, high) == "equal within noise"
