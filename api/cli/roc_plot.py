"""An ROC curve as an SVG file: true positives over false ones, these on a logarithmic scale."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

_WIDTH, _HEIGHT = 720, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 40, 60
_POINTS: Final = 2_000


def roc_svg(title: str, fpr: Sequence[float], tpr: Sequence[float], least: float) -> str:
    """The curve from a false positive rate of `least` to 1."""
    decades = max(math.ceil(-math.log10(least)), 1)

    def across(rate: float) -> float:
        part = 1 + math.log10(max(rate, 10.0**-decades)) / decades
        return round(_LEFT + part * (_WIDTH - _LEFT - _RIGHT), 1)

    def down(rate: float) -> float:
        return round(_HEIGHT - _BOTTOM - rate * (_HEIGHT - _TOP - _BOTTOM), 1)

    def grid() -> Iterator[str]:
        for power in range(decades + 1):
            x = across(10.0**-power)
            yield f'<line x1="{x}" y1="{down(0)}" x2="{x}" y2="{down(1)}" stroke="#ddd"/>'
            label = "1" if power == 0 else f"1e-{power}"
            yield f'<text x="{x}" y="{down(0) + 20}" text-anchor="middle">{label}</text>'
        for tenth in range(0, 11, 2):
            y = down(tenth / 10)
            yield f'<line x1="{across(0)}" y1="{y}" x2="{across(1)}" y2="{y}" stroke="#ddd"/>'
            yield f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{tenth / 10}</text>'

    step = max(len(fpr) // _POINTS, 1)
    kept = [*zip(fpr[::step], tpr[::step], strict=True), (fpr[-1], tpr[-1])]
    line = " ".join(f"{across(false)},{down(true)}" for false, true in kept)
    middle, foot = (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 15
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}"'
            ' font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="{middle}" y="22" text-anchor="middle" font-size="15">{escape(title)}</text>',
            *grid(),
            f'<text x="{middle}" y="{foot}" text-anchor="middle">false positive rate</text>',
            f'<text x="18" y="{_HEIGHT / 2}" text-anchor="middle"'
            f' transform="rotate(-90 18 {_HEIGHT / 2})">true positive rate</text>',
            f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="2"/>',
            "</svg>\n",
        ]
    )
