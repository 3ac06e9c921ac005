"""One thing after another breaks under load: `python -m tests.bench.chaos [--minutes N]`."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.support.chaos import chaos
from tests.support.ray_cluster import ray_cluster


def main(minutes: float, seed: int) -> bool:
    """Print what was broken and what went wrong; says whether nothing did."""
    random.seed(seed)
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as directory,
        ray_cluster(Path(directory)) as cluster,
        chaos(cluster) as (run, urls),
    ):
        report = asyncio.run(run.run(urls, minutes * 60))
    print(report.text())
    return not report.ledger.failed and not report.ledger.wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(0 if main(given.minutes, given.seed) else 1)
