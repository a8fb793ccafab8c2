"""JSON of passkeys; bytes are base64url without padding, as browsers give them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from central.asked import Asked
from edge.contract.messages import UtcTime

Base64Url = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=1400)]
LongBase64Url = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=40_000)]
"""An attestation may bring certificates."""
PasskeyName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class PasskeyItem(BaseModel):
    """A passkey of one's own."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    created_at: UtcTime
    last_used_at: UtcTime | None
    cloned_at: UtcTime | None
    """When its counter went back: it logs in no more and is to be removed."""


class PasskeyList(BaseModel):
    """One's passkeys, and whether this address can have any."""

    items: list[PasskeyItem]
    next_cursor: str | None = None
    possible: bool
    """Browsers offer passkeys only to a named host under https."""


class PasskeyChallenge(BaseModel):
    """What a browser needs to ask for a passkey; it counts once and for a few minutes."""

    challenge: Base64Url
    rp_id: str
    timeout_ms: int


class NewPasskeyOptions(PasskeyChallenge):
    """What a browser needs to have a passkey made."""

    user_handle: Base64Url
    username: str
    display_name: str
    algorithms: list[int]
    """Of COSE, the best first."""
    exclude: list[Base64Url]
    """Passkeys of theirs: a device that has one makes no second."""


class NewPasskey(Asked):
    """A passkey that a device made, and what its owner calls it."""

    name: PasskeyName
    challenge: Base64Url
    credential_id: Base64Url
    client_data: LongBase64Url
    attestation: LongBase64Url


class PasskeyProof(Asked):
    """What a device signed to log its owner in."""

    challenge: Base64Url
    credential_id: Base64Url
    client_data: LongBase64Url
    authenticator_data: LongBase64Url
    signature: LongBase64Url
    user_handle: Base64Url | None = None


class PasskeyRename(Asked):
    """What to call a passkey from now on."""

    name: PasskeyName
