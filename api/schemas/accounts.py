"""Bodies about accounts."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from api.http.fields import CommaList
from domain.accounts import MAX_LOGIN, MAX_PASSWORD, AccountType, checked_login
from domain.shared.fields import Absent, Id, Record, Text, Time, UserData
from domain.shared.refusal import Refusal
from projections.accounts import AccountFilter


def _login(text: str) -> str:
    try:
        return checked_login(text)
    except Refusal as refusal:
        raise ValueError(str(refusal)) from None


Login = Annotated[Text, Field(min_length=3, max_length=MAX_LOGIN), AfterValidator(_login)]
Password = Annotated[Text, Field(min_length=1, max_length=MAX_PASSWORD)]
OpenType = Literal[AccountType.USER, AccountType.ADVANCED_USER]
"""What an account may be made over HTTP; administrators are made on the command line."""


class AccountCreate(Record):
    """An account to make; its id may also stand in Luna-Account-Id."""

    login: Login
    password: Password
    account_type: OpenType
    description: UserData = ""
    account_id: Absent[Id] = None


class AccountPatch(Record):
    """What to change of the account that asks; absent fields stay."""

    login: Absent[Login] = None
    password: Absent[Password] = None
    account_type: Absent[OpenType] = None
    description: Absent[UserData] = None


class AccountCreated(BaseModel):
    """Where a new account is."""

    account_id: UUID
    url: str


class AccountView(BaseModel):
    """An account, or those of its fields that were asked for."""

    account_id: UUID
    login: str | None
    account_type: AccountType
    description: str
    create_time: Time
    last_update_time: Time


class AccountsPage(BaseModel):
    """One page of accounts, and how many there are on all."""

    accounts: list[AccountView]
    total_count: int


class Credentials(Record):
    """What shall be looked at: a login with its password, a token, or an account's id."""

    login: Absent[Text] = None
    password: Absent[Annotated[Text, Field(max_length=MAX_PASSWORD)]] = None
    token: Absent[Text] = None
    account_id: Absent[Id] = None

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if (self.login is None) != (self.password is None):
            raise ValueError("login and password belong together")
        told = (self.login, self.token, self.account_id)
        if sum(one is not None for one in told) != 1:
            raise ValueError("give login and password, or token, or account_id")
        return self


AccountTarget = Literal[
    "account_id", "login", "account_type", "description", "create_time", "last_update_time"
]
Targets = Annotated[list[AccountTarget] | None, CommaList]


class AccountsWanted(AccountFilter):
    """Which accounts to show, and which of their fields."""

    targets: Targets = None
