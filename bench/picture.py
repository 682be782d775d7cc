"""The throughputs as bars: SVG, by hand."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

WIDTH, BAR, GAP, TEXT = 720, 18, 6, 300
LEAST_ROOM = 90
"""For the number behind the longest bar."""


def draw(groups: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """
    Bars of ``groups``: a caption for each group, and the value of each bar by its name.

    jack's own are of another colour.
    """
    most = max((value for bars in groups.values() for value in bars.values()), default=1.0) or 1.0
    parts, y = list[str](), GAP
    for caption, bars in groups.items():
        parts.append(f'<text x="{GAP}" y="{y + 14}" font-weight="bold">{escape(caption)}</text>')
        y += BAR + GAP
        for name, value in bars.items():
            long = value / most * (WIDTH - TEXT - LEAST_ROOM)
            colour = "#2b7a4b" if name.startswith("jack → jack") else "#9aa5b1"
            parts.append(f'<text x="{TEXT - GAP}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
            parts.append(f'<rect x="{TEXT}" y="{y}" width="{long:.1f}" height="{BAR}" fill="{colour}"/>')
            parts.append(f'<text x="{TEXT + long + GAP:.1f}" y="{y + 14}">{value:.0f} {escape(unit)}</text>')
            y += BAR + GAP
        y += 2 * GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" font-family="sans-serif" font-size="13">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>", ""])
