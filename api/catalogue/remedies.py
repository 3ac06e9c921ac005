"""What to do about an error: by its code where there is something of its own to say."""

from typing import Final

from api.catalogue.entry import Entry

_BY_STATUS: Final = {
    400: "Correct what the detail names and ask again; the same request is refused again.",
    401: "Check the login and the password, or ask with a token.",
    403: "Ask as an account, or with a token, that may do this.",
    404: "Check the id and the account: what belongs to another account is not found either.",
    405: "Use one of the methods that the header Allow names.",
    409: "Read what is there now, and decide again.",
    413: "Send less at once; the detail or the settings of the service name the limit.",
    414: "Send long lists of ids in a body, or ask several times.",
    415: "Name a form that the resource has in the header Accept, or none.",
    426: "Open a web socket at this address.",
    431: "Send fewer or shorter headers.",
    500: "Ask again; if it stays, the log of the service has the reason under the request's id.",
    501: "Install a model pack that has the model, or do without what was asked for.",
    502: "Wait until the health of the service is good again; its operator sees the component.",
    503: "Ask again after the time in the header Retry-After, under the same Idempotency-Key.",
    504: "Ask again under the same Idempotency-Key: what was done is not done twice.",
}
_BY_CODE: Final = {
    11036: "Send the header Luna-Account-Id with the id of the account, a UUID with hyphens.",
    11038: "Send an image of one person, or let the handler take several (multiface_policy).",
    12012: "Correct the parameters that the detail names; their limits are in the document.",
    12013: "Check the path; ids in it are UUIDs with hyphens or numbers, as the document says.",
    12017: "Send a Content-Type that the document names for this operation.",
    12022: "Correct the field at the path that the detail names; fields not known are refused.",
    32010: "Send the image whole, in one of the accepted formats.",
    90005: "Ask again, or demand an older position in Selene-Min-Position.",
    90040: "Use a new Idempotency-Key for a request that is not the same.",
    90047: "The request was done; use a new Idempotency-Key to have it done once more.",
    90093: "Register the analytic first (POST /6/analytics), or name one that is there.",
    90123: "Ask for a deferred task, which may take longer, or send a shorter video.",
    90125: "Watch the stream by its previews, or at its source.",
}


def remedy(entry: Entry) -> str:
    """One or two sentences for the person whose request was refused."""
    return _BY_CODE.get(entry.code) or _BY_STATUS.get(entry.status, _BY_STATUS[400])
