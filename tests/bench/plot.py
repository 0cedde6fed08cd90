"""Line charts as SVG: small panels side by side under one legend."""

from __future__ import annotations

import dataclasses
import math
from typing import Callable, Optional, Sequence, Tuple
from xml.sax.saxutils import escape

Point = Tuple[float, float]

PANEL_WIDTH, PANEL_HEIGHT = 330, 240
LEFT, RIGHT, TOP, BOTTOM = 66, 14, 30, 44
HEADER = 62
COLOURS = {
    "hpod": "#0b5cad",
    "Rustuna": "#d55e00",
    "Optuna": "#374151",
    "empty call": "#8b949e",
    "hpod, disk": "#0b5cad",
    "hpod, tmpfs": "#4f9ddb",
    "hpod over gRPC": "#4f9ddb",
    "Optuna proxy, disk": "#374151",
    "Optuna proxy, tmpfs": "#9ca3af",
}
OTHER_COLOURS = ("#0b5cad", "#c2410c", "#6d28d9", "#0b7a75", "#57606a")


@dataclasses.dataclass(frozen=True)
class Series:
    """A named line; `band` (x, low, high) is shaded behind it."""

    name: str
    points: Sequence[Point]
    band: Sequence[Tuple[float, float, float]] = ()
    dashed: bool = False
    marks: bool = True


@dataclasses.dataclass(frozen=True)
class Panel:
    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    log_x: bool = False
    log_y: bool = False
    x_text: Optional[Callable[[float], str]] = None
    y_text: Optional[Callable[[float], str]] = None
    x_ticks: Sequence[float] = ()  # instead of round numbers


def short_number(value: float) -> str:
    """1000 as 1k, 1000000 as 1M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def short_time(microseconds: float) -> str:
    for size, unit in ((1e6, "s"), (1e3, "ms"), (1, "µs")):
        if microseconds >= size:
            return f"{microseconds / size:g} {unit}"
    return f"{microseconds * 1e3:g} ns"


class Axis:
    """Values to positions from 0 to 1, and where to put ticks."""

    def __init__(self, values: Sequence[float], log: bool) -> None:
        self._log = log
        low, high = self._ends([self._map(v) for v in values])
        if log:
            # Whole powers of ten, unless little of a decade is used.
            if high - low > 0.7:
                low, high = math.floor(low + 1e-9), math.ceil(high - 1e-9)
            else:
                low, high = low - 0.1, high + 0.1
        else:
            margin = 0.04 * (high - low)
            low, high = low - margin, high + margin
        self._low, self._high = low, high

    def _map(self, value: float) -> float:
        return math.log10(value) if self._log else value

    @staticmethod
    def _ends(values: Sequence[float]) -> Tuple[float, float]:
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        return (low - 0.5, high + 0.5) if low == high else (low, high)

    def position(self, value: float) -> float:
        return (self._map(value) - self._low) / (self._high - self._low)

    def ticks(self) -> list[float]:
        ticks = self._log_ticks() if self._log else self._linear_ticks()
        return [t for t in ticks if -1e-9 <= self.position(t) <= 1 + 1e-9]

    def _log_ticks(self) -> list[float]:
        decades = range(math.floor(self._low), math.ceil(self._high) + 1)
        step = max(1, math.ceil((len(decades) - 1) / 7))
        digits = (1,) if self._high - self._low >= 2 else (1, 2, 5)
        return [digit * 10.0**decade for decade in decades[::step] for digit in digits]

    def _linear_ticks(self) -> list[float]:
        raw = (self._high - self._low) / 4
        size = 10.0 ** math.floor(math.log10(raw))
        step = min((s * size for s in (1, 2, 5, 10)), key=lambda s: abs(s - raw))
        first = math.ceil(self._low / step)
        return [k * step for k in range(first, math.floor(self._high / step) + 1)]


def text(x: float, y: float, content: str, anchor: str = "middle", style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {style}>{escape(content)}</text>'


def names_of(panels: Sequence[Panel]) -> list[str]:
    return list(dict.fromkeys(s.name for panel in panels for s in panel.series))


def colour(name: str, names: Sequence[str]) -> str:
    return COLOURS.get(name) or OTHER_COLOURS[names.index(name) % len(OTHER_COLOURS)]


def draw(title: str, panels: Sequence[Panel], columns: int) -> str:
    """The whole figure, an SVG document."""
    names = names_of(panels)
    rows = -(-len(panels) // columns)
    width, height = columns * PANEL_WIDTH + 16, HEADER + rows * PANEL_HEIGHT + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="11" fill="#24292f">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(16, 24, title, "start", 'font-size="15" font-weight="600"'),
        *draw_legend(panels, names, width),
    ]
    for i, panel in enumerate(panels):
        x, y = 8 + i % columns * PANEL_WIDTH, HEADER + i // columns * PANEL_HEIGHT
        parts += [f'<g transform="translate({x},{y})">', *draw_panel(panel, names), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def draw_legend(panels: Sequence[Panel], names: Sequence[str], width: int) -> list[str]:
    dashed = {s.name for panel in panels for s in panel.series if s.dashed}
    parts, x = [], 16.0
    for name in names:
        dash = ' stroke-dasharray="5 3"' if name in dashed else ""
        line = f'<line x1="{x:.1f}" y1="44" x2="{x + 20:.1f}" y2="44" stroke="{colour(name, names)}" stroke-width="2.4"{dash}/>'
        parts += [line, text(x + 26, 48, name, "start", 'font-size="12"')]
        x += 46 + 6.4 * len(name)
    return parts


def draw_panel(panel: Panel, names: Sequence[str]) -> list[str]:
    points = [p for s in panel.series for p in s.points]
    bands = [b for s in panel.series for b in s.band]
    x_axis = Axis([x for x, _ in points], panel.log_x)
    y_axis = Axis([y for _, y in points] + [y for b in bands for y in b[1:]], panel.log_y)
    plot_width, plot_height = PANEL_WIDTH - LEFT - RIGHT, PANEL_HEIGHT - TOP - BOTTOM

    def place(x: float, y: float) -> str:
        return f"{LEFT + x_axis.position(x) * plot_width:.1f},{TOP + (1 - y_axis.position(y)) * plot_height:.1f}"

    parts = draw_axes(panel, x_axis, y_axis, plot_width, plot_height)
    for s in panel.series:
        if s.band:
            edge = [place(x, high) for x, _, high in s.band] + [place(x, low) for x, low, _ in reversed(s.band)]
            parts.append(f'<polygon points="{" ".join(edge)}" fill="{colour(s.name, names)}" opacity="0.13"/>')
    for s in panel.series:
        parts += draw_line(s, [place(x, y) for x, y in s.points], colour(s.name, names))
    return parts


def draw_line(series: Series, places: Sequence[str], stroke: str) -> list[str]:
    dash = ' stroke-dasharray="5 3"' if series.dashed else ""
    style = f'fill="none" stroke="{stroke}" stroke-width="2" stroke-linejoin="round"{dash}'
    parts = [f'<polyline points="{" ".join(places)}" {style}/>']
    if series.marks:
        for place in places:
            x, y = place.split(",")
            parts.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{stroke}" stroke="#ffffff" stroke-width="1"/>')
    return parts


def draw_axes(panel: Panel, x_axis: Axis, y_axis: Axis, width: int, height: int) -> list[str]:
    x_text, y_text = panel.x_text or short_number, panel.y_text or short_number
    parts = [text(LEFT, 16, panel.title, "start", 'font-size="12.5" font-weight="600"')]
    for tick in y_axis.ticks():
        y = TOP + (1 - y_axis.position(tick)) * height
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + width}" y2="{y:.1f}" stroke="#e5e7eb"/>')
        parts.append(text(LEFT - 6, y + 4, y_text(tick), "end", 'fill="#57606a"'))
    for tick in panel.x_ticks or x_axis.ticks():
        x = LEFT + x_axis.position(tick) * width
        parts.append(f'<line x1="{x:.1f}" y1="{TOP + height}" x2="{x:.1f}" y2="{TOP + height + 4}" stroke="#8c959f"/>')
        parts.append(text(x, TOP + height + 17, x_text(tick), "middle", 'fill="#57606a"'))
    bottom = TOP + height
    parts.append(f'<line x1="{LEFT}" y1="{bottom}" x2="{LEFT + width}" y2="{bottom}" stroke="#8c959f"/>')
    parts.append(text(LEFT + width / 2, bottom + 34, panel.x_label, "middle", 'fill="#57606a"'))
    middle = TOP + height / 2
    turned = f'transform="rotate(-90 12 {middle:.1f})" fill="#57606a"'
    parts.append(text(12, middle, panel.y_label, "middle", turned))
    return parts
