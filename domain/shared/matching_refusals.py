"""What matching refuses whatever it runs on."""

from domain.shared.refusal import Refusal


class TooManySearches(Refusal):
    """So many searches wait that another would wait too long; the client may try again later."""

    detail = "{} searches are waiting, try again later"
    retry_after_s = 1


class MatchingAway(Refusal):
    """A part of the match index cannot be reached; the client may try again later."""

    detail = "A part of the match index cannot be reached, try again later"
    retry_after_s = 1
