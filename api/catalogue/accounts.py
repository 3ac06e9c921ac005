"""The refusals of accounts and tokens."""

from api.catalogue.entry import BAD_INPUT, CONFLICT, NOT_FOUND, Entries, Entry
from domain.accounts import AccountExists, AccountNotFound, BadCredentials, LoginTaken
from domain.tokens import TokenNotFound

ENTRIES: Entries = {
    AccountNotFound: Entry(90080, 404, NOT_FOUND),
    AccountExists: Entry(90081, 409, CONFLICT),
    LoginTaken: Entry(90082, 409, CONFLICT),
    BadCredentials: Entry(90083, 400, BAD_INPUT),
    TokenNotFound: Entry(90084, 404, NOT_FOUND),
}
