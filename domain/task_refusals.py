"""Why tasks of some kind cannot do what their content asks."""

from domain.shared.refusal import Refusal


class NothingSelected(Refusal):
    """The filters of the task select no object."""

    detail = "Objects for {} not found (empty set)"


class TooManySelected(Refusal):
    """The filters of the task select more objects than a task of this kind takes."""

    detail = "{} objects for {} are more than {}"


class NoPairsToRate(Refusal):
    """The marked objects that have descriptors make no pair of one person, or of two."""

    detail = "Marked objects make no {} pair"


class ContradictoryMarkup(Refusal):
    """One object is marked with several labels."""

    detail = "Object with id '{}' is marked with different labels"


class NoClustersToReport(Refusal):
    """The task to report about is no clustering task that has a result."""

    detail = "Task with id '{}' is no finished clustering task"


class ColumnOfOtherObjects(Refusal):
    """A column of the report is one of other objects than those that were clustered."""

    detail = "Column '{}' is none of {}"


class TooManyImageBytes(Refusal):
    """The images of a table are together larger than an archive may be."""

    detail = "The images are larger than {} bytes"
