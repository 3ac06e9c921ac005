"""Numbers that nothing else has, whichever process asks: they come from sequences."""

from domain.shared.numbered import Numbered
from projections.database import Reader

_SEQUENCES = {
    Numbered.TASK: "task_numbers",
    Numbered.SUBTASK: "subtask_numbers",
    Numbered.TASK_ERROR: "task_error_numbers",
    Numbered.SCHEDULE: "schedule_numbers",
}


def new_numbers(db: Reader, kind: Numbered, count: int = 1) -> list[int]:
    """Numbers for new things, ascending; a number that is not used in the end is lost."""
    rows = db.fetch_all(
        "SELECT nextval(%s::regclass) AS number FROM generate_series(1, %s)",
        [_SEQUENCES[kind], count],
    )
    return sorted(row["number"] for row in rows)
