"""Plots are well-formed and show what was measured."""

import xml.etree.ElementTree as ElementTree

import pytest

from bench.plot import Axis, Panel, Series, draw, short_number, short_time

SVG = "{http://www.w3.org/2000/svg}"


def figure(name="a < b & \"c\""):
    line = Series(name, [(1, 10.0), (10, 20.0), (100, 5.0)], band=[(1, 9, 11), (10, 18, 22), (100, 4, 6)])
    panels = [Panel(f"panel {i}", "x", "y", [line], log_x=True) for i in range(3)]
    return draw("title <1>", panels, columns=2)


def test_a_figure_is_well_formed_whatever_the_names():
    root = ElementTree.fromstring(figure())
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert 'a < b & "c"' in texts and "title <1>" in texts
    assert [f"panel {i}" in texts for i in range(3)] == [True] * 3


def test_every_point_lies_in_its_panel():
    root = ElementTree.fromstring(figure())
    for line in root.iter(f"{SVG}polyline"):
        points = [tuple(map(float, p.split(","))) for p in line.get("points").split()]
        assert len(points) == 3
        assert all(66 <= x <= 330 - 14 and 30 <= y <= 240 - 44 for x, y in points)


def test_a_figure_without_series_is_well_formed():
    ElementTree.fromstring(draw("nothing", [], 1))
    ElementTree.fromstring(draw("nothing", [Panel("empty", "x", "y", [])], 1))


def test_logarithmic_axes_have_ticks_at_powers_of_ten():
    axis = Axis([3.0, 40_000.0], log=True)
    assert axis.ticks() == pytest.approx([1, 10, 100, 1_000, 10_000, 100_000])
    assert axis.position(1) == 0 and axis.position(100_000) == 1


def test_linear_axes_have_round_ticks_inside():
    axis = Axis([0.0, 1.0], log=False)
    assert axis.ticks() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])


def test_numbers_and_times_are_short():
    assert [short_number(v) for v in (0.5, 100, 10_000, 1_000_000)] == ["0.5", "100", "10k", "1M"]
    assert [short_time(v) for v in (0.1, 10, 1_000, 10_000_000)] == ["100 ns", "10 µs", "1 ms", "10 s"]
