"""JSON of log-in and users."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from central.asked import Asked
from edge.contract.messages import UtcTime

Username = Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{1,63}$")]
PASSWORD_MIN = 12
"""Source: NIST SP 800-63B-4 asks for 15 characters alone and 8 with a second factor; 12 is the
province's usual rule."""
Password = Annotated[str, Field(min_length=PASSWORD_MIN, max_length=200)]


PATH_OF_OURS = r"^/([!-.0-\[\]-~][!-~]*)?$"
"""Never two slashes of either kind, which browsers take for another host."""


class Role(StrEnum):
    """What a person is here to do; what each may do stands at the routes and in the life cycles."""

    ADMIN = "admin"
    TECHNICIAN = "technician"
    OPERATOR = "operator"
    """On duty at the centre: incidents, and violations to look at."""
    SHIFT_LEAD = "shift_lead"
    OFFICER = "officer"
    """Verifies suspected violations."""
    COMMANDER = "commander"
    """Approves what an officer verified."""
    COMMUNE_POLICE = "commune_police"
    AUDITOR = "auditor"
    """Reads everything, the audit log too, and changes nothing."""
    LEADER = "leader"
    """Reads, changes nothing."""


class Way(StrEnum):
    """How somebody proved who they are when they logged in."""

    PASSWORD = "password"  # noqa: S105 - a word, no secret
    """With a code of the phone, where they have one."""
    PASSKEY = "passkey"
    """Two factors in one: a device that they unlocked."""
    PROVIDER = "provider"
    """The province's own directory said so."""


DUTY = frozenset({Role.OPERATOR, Role.SHIFT_LEAD, Role.OFFICER, Role.COMMANDER})
"""Who judges incidents."""
POLICE = frozenset({Role.OFFICER, Role.COMMANDER})
"""Who judges suspected violations."""
PLATE_READERS = frozenset({Role.OFFICER, Role.COMMANDER, Role.COMMUNE_POLICE, Role.AUDITOR})
"""Who reads number plates and searches by them; everyone else sees them masked."""

Areas = Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=130)]
"""Codes of communes; ``*`` is the whole province."""


class PasswordAgain(Asked):
    """One's password once more, for what changes how one logs in."""

    password: str = Field(max_length=200)


class LoginRequest(PasswordAgain):
    """User name and password; in the second step with a code."""

    username: str = Field(max_length=64)
    code: str | None = Field(
        default=None, max_length=40, description="Six digits from the phone, or a recovery code"
    )


class LoggedOut(BaseModel):
    """That one is logged out here."""

    provider_url: str | None
    """Where the browser must go to be logged out at the provider that it came through."""


class WaysIn(BaseModel):
    """How one may log in here beside the password."""

    passkey: bool
    """Whether this address can have passkeys."""
    provider: bool
    """Whether the province's own directory can be asked."""
    provider_label: str
    """What the button says; empty for the console's own words."""


class Journey(Asked):
    """Where somebody was going before they had to log in."""

    next: str = Field(default="/", pattern=PATH_OF_OURS, max_length=500)


class ProviderAddress(BaseModel):
    """Where the browser must go to log in."""

    url: str


class NewIdentity(Asked):
    """Who at the provider a user is."""

    subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
    """``sub`` of the provider's tokens."""


class PasswordChange(Asked):
    """The password in use and the one to use from now on."""

    old_password: str = Field(max_length=200)
    new_password: Password


class Me(BaseModel):
    """The person who is logged in."""

    username: str
    display_name: str
    role: Role
    areas: Areas
    must_change_password: bool
    second_factor: bool
    """Whether a code of their phone is asked for at log-in."""
    must_enrol: bool
    """Whether their role must set up a second factor before anything else, coming by password."""


class SecondFactorItem(BaseModel):
    """Where one stands with one's second factor."""

    since: UtcTime | None
    required: bool
    """Whether the role must have one, so that it cannot be turned off."""
    recovery_codes_left: int


class NewSecret(BaseModel):
    """What a phone needs to make codes; not shown again."""

    secret: str
    """Base 32, to type where no camera is."""
    uri: str
    qr_url: str
    """The QR code of ``uri``: SVG as a ``data:`` address."""


class Code(Asked):
    """A code of the phone."""

    code: str = Field(max_length=40)


class RecoveryCodes(BaseModel):
    """Recovery codes, shown once; each logs in once without the phone."""

    codes: list[str]


class UserItem(Me):
    """A user as an administrator sees them."""

    disabled: bool
    created_at: UtcTime
    passkeys: int
    identity: str | None
    """Who they are at the provider that is configured."""


class UserList(BaseModel):
    """All users."""

    items: list[UserItem]
    next_cursor: str | None = None


class PersonItem(BaseModel):
    """A colleague: what is needed to name one and to choose one."""

    model_config = ConfigDict(from_attributes=True)

    username: str
    display_name: str
    role: Role
    areas: Areas


class PersonList(BaseModel):
    """Colleagues, by their names."""

    items: list[PersonItem]
    next_cursor: str | None = None


class NewUser(Asked):
    """A user to create."""

    username: Username
    display_name: str = Field(min_length=1, max_length=120)
    role: Role
    areas: Areas = Field(default_factory=lambda: ["*"])


class UserChange(Asked):
    """What to change about a user; absent fields stay."""

    display_name: str | None = Field(default=None, min_length=1, max_length=120)
    role: Role | None = None
    areas: Areas | None = None
    disabled: bool | None = None


class OneTimePassword(BaseModel):
    """A password shown once; it must be changed at the first log-in."""

    username: str
    password: str
