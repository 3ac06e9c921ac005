"""Runs every measurement beside this file, each in a process of its own.

A measurement is a module `bench_<what>.py` that prints its table when it is run;
`make bench` runs all, `python -m bench <what>` those named.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(wanted: list[str]) -> int:
    """Run the measurements in order and give the number that failed."""
    found = {path.stem.removeprefix("bench_"): path.stem for path in HERE.glob("bench_*.py")}
    unknown = sorted(set(wanted) - set(found))
    if unknown or not found:
        print(f"no measurement is called {', '.join(unknown) or 'anything yet'}", file=sys.stderr)
        return 1
    failed = 0
    for name in sorted(wanted or found):
        print(f"\n== {name}", flush=True)
        # Apart, so that no measurement inherits another's heap, threads or caches.
        command = [sys.executable, "-m", f"bench.{found[name]}"]
        failed += subprocess.run(command, cwd=HERE.parent).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
