"""What matching refuses whatever it runs on."""

from domain.shared.refusal import Refusal


class TooManySearches(Refusal):
    """So many searches wait that another would wait too long; the client may try again later."""

    detail = "{} searches are waiting, try again later"
    retry_after_s = 1
