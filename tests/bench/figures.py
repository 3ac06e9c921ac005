"""The table that every bench prints: a figure, the raw limit of the same run, their ratio."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: `ours` against `limit` in `unit`; `wanted` is the least (or, for a bound, the
    greatest) ratio the design asks for."""

    what: str
    ours: float
    limit: float
    unit: str
    wanted: float
    bound: bool = False

    @property
    def ratio(self) -> float:
        """Ours over the limit."""
        return self.ours / self.limit if self.limit else float("inf")

    @property
    def reached(self) -> bool:
        """Whether the figure is as good as the design asks for."""
        return self.ratio <= self.wanted if self.bound else self.ratio >= self.wanted


def medians(runs: Sequence[Callable[[], float]], repeats: int = 3) -> list[float]:
    """The median of each run; the runs take turns, so that drift hits all alike."""
    values: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats):
        for number, run in enumerate(runs):
            values[number].append(run())
    return [statistics.median(v) for v in values]


def rate(count: int, work: Callable[[], object]) -> float:
    """How many per second, when `work` does `count` of them."""
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def show(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| figure | ours | raw limit, same run | unit | ratio | wanted | |",
        "|---|---:|---:|---|---:|---:|---|",
    ]
    for f in figures:
        sign = "<=" if f.bound else ">="
        verdict = "ok" if f.reached else "MISSED"
        lines.append(
            f"| {f.what} | {f.ours:,.4g} | {f.limit:,.4g} | {f.unit} "
            f"| {f.ratio:.2f} | {sign} {f.wanted:g} | {verdict} |"
        )
    return "\n".join(lines)
