"""Every figure of the design's table that this machine can measure, in one run and one table.

`python -m tests.bench [section ...]`; without sections, all of them.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from api.embedded_postgres import EmbeddedPostgres
from tests.bench import (
    appending,
    cluster,
    freshness,
    http,
    inference,
    kit,
    log,
    match,
    rebuild,
    video,
)
from tests.bench.figures import Figure, show
from tests.support.log import prepare

SECTIONS: dict[str, Callable[[str, str], Iterator[Figure]]] = {
    "log": lambda dsn, _: log.figures(dsn),
    "appending": lambda dsn, _: appending.figures(dsn),
    "rebuild": lambda dsn, _: rebuild.figures(dsn),
    "kit": lambda *_: kit.figures(),
    "http": http.figures,
    "match": lambda *_: match.figures(100_000),
    "freshness": lambda dsn, _: freshness.figures(dsn),
    "cluster": lambda *_: cluster.figures(100_000),
    "inference": lambda *_: inference.figures(),
    "video": lambda *_: video.figures(),
}


def main(names: list[str]) -> None:
    """Run the sections on a fresh embedded Postgres with fsync on, and print the table."""
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedPostgres(Path(directory) / "postgres") as dsn,
    ):
        prepare(dsn)
        for name in names or SECTIONS:
            figures += SECTIONS[name](dsn, directory)
    print(show(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
