"""Leaving the provider too: who came through it and logs out here is logged out there.

The ID token of the log-in tells the provider who leaves, so that it need not ask. It stays in a
cookie of its own, which scripts cannot read and which goes along to the addresses of the session
only; the centre keeps no token.

Source: OpenID Connect RP-Initiated Logout 1.0, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from central.auth import oidc
from central.auth.guard import COOKIE

if TYPE_CHECKING:
    from fastapi import Request, Response

    from central.centre import Centre

log = structlog.get_logger(__name__)
PATH = "/api/v1/session"
LONGEST = 3_800
"""Signs of a token that fit into a cookie; Source: RFC 6265, 6.1: browsers take 4,096 bytes."""


def remember(centre: Centre, response: Response, id_token: str) -> None:
    """Keep with the browser who it is at the provider; one that is too long is left out."""
    if len(id_token) <= LONGEST:
        _set(centre, response, id_token, int(centre.settings.session_lifetime_s))


def leave(centre: Centre, request: Request, response: Response) -> str | None:
    """Return where the browser must go to log out at the provider; None: it has no such place.

    A provider that is away keeps nobody logged in here.
    """
    token = request.cookies.get(_name(centre), "")
    _set(centre, response, "", 0)
    try:
        return oidc.logout_url(centre.settings, token)
    except oidc.ProviderError as error:
        log.warning("provider_not_left", reason=str(error))
        return None


def _name(centre: Centre) -> str:
    """Return the name of the cookie; ``__Host-`` would go along everywhere."""
    prefix = "__Secure-" if _is_secure(centre) else ""
    return prefix + COOKIE.replace("session", "farewell")


def _is_secure(centre: Centre) -> bool:
    """Return whether browsers reach the centre by TLS."""
    return centre.settings.public_url.startswith("https://")


def _set(centre: Centre, response: Response, token: str, lifetime_s: int) -> None:
    """Give or take the cookie."""
    response.set_cookie(
        _name(centre),
        token,
        max_age=lifetime_s,
        path=PATH,
        httponly=True,
        samesite="strict",
        secure=_is_secure(centre),
    )
