"""OpenID Connect: what the province's own directory says about who is at the browser.

The authorization code flow with PKCE, ``state`` and ``nonce``; nothing of it reaches the browser's
scripts. Nothing is remembered between two log-ins, so a provider may change its keys at any time.

Source: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7; RFC 7636 (PKCE); RFC 9207 (``iss``);
RP-Initiated Logout 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
from joserfc.jwk import KeySet

if TYPE_CHECKING:
    from datetime import datetime

    from central.settings import Settings

RETURN_PATH = "/api/v1/session/provider/return"
LEFT_PATH = "/login"
"""Where the provider sends who has logged out there."""
TIMEOUT_S = 5.0
LEEWAY_S = 60
"""How far the provider's clock may be off."""
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures by a key that only the provider has; never HS256, never none."""
_TIMES = frozenset({"iat", "nbf", "exp"})


class ProviderError(Exception):
    """The provider did not say who this is; ``code`` is for the console's words."""

    def __init__(self, code: str, why: str) -> None:
        """Keep what went wrong: the code for people, the rest for the log."""
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the provider is sent at the start, and must fit at the end."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says is there."""

    subject: str
    username: str
    """What the configured claim holds; empty where there is none."""
    two_factors: bool
    """Whether the provider has asked for two factors."""
    token: str = ""
    """The ID token that says so, for the log-out."""


def authorization_url(settings: Settings, attempt: Attempt) -> str:
    """Return where to send the browser.

    Raises:
        ProviderError: The provider cannot be reached, or is not the configured one.
    """
    with httpx.Client(timeout=TIMEOUT_S) as line:
        endpoint = _endpoint(settings, _discovered(settings, line), "authorization_endpoint")
        url, _ = _client(settings, line).create_authorization_url(
            endpoint,
            state=attempt.state,
            code_verifier=attempt.verifier,
            nonce=attempt.nonce,
            prompt="login",  # desks are shared: whoever comes next is asked for their own password
        )
    return str(url)


def redeem(settings: Settings, code: str, attempt: Attempt, now: datetime) -> Identity:
    """Return who the provider says is there, for the code that the browser brought.

    Raises:
        ProviderError: The provider cannot be reached or does not take the code, or its token is
            not for us, not by its key, not of this attempt or not of this time.
    """
    with httpx.Client(timeout=TIMEOUT_S) as line:
        found = _discovered(settings, line)
        token = _token(settings, line, _endpoint(settings, found, "token_endpoint"), code, attempt)
        keys = _json(line, _endpoint(settings, found, "jwks_uri"))
    claims = _validated(settings, token, keys, attempt.nonce, now)
    named = claims.get(settings.oidc_username_claim, "")
    methods = claims.get("amr", [])
    return Identity(
        subject=str(claims["sub"]),
        username=named if isinstance(named, str) else "",
        two_factors=settings.oidc_two_factors or "mfa" in methods,
        token=str(token["id_token"]),
    )


def logout_url(settings: Settings, id_token: str) -> str | None:
    """Return where a browser logs out at the provider and is sent back from; None: nowhere.

    Raises:
        ProviderError: The provider cannot be reached, or is not the configured one.
    """
    with httpx.Client(timeout=TIMEOUT_S) as line:
        found = _discovered(settings, line)
    if "end_session_endpoint" not in found:
        return None
    endpoint = _endpoint(settings, found, "end_session_endpoint")
    told = {
        "client_id": settings.oidc_client_id,
        "post_logout_redirect_uri": settings.public_url + LEFT_PATH,
        **({"id_token_hint": id_token} if id_token else {}),
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(told)}"


def _client(settings: Settings, line: httpx.Client) -> Any:
    """Return Authlib's client for this provider."""
    return OAuth2Client(
        line,
        client_id=settings.oidc_client_id,
        scope="openid profile" if settings.oidc_username_claim else "openid",
        redirect_uri=settings.public_url + RETURN_PATH,
        code_challenge_method="S256",
    )


def _discovered(settings: Settings, line: httpx.Client) -> dict[str, Any]:
    """Return what the provider says of itself.

    Raises:
        ProviderError: It cannot be reached, or calls itself something else.
    """
    base = settings.oidc_issuer.removesuffix("/")
    found = _json(line, f"{base}/.well-known/openid-configuration")
    if found.get("issuer") != settings.oidc_issuer:
        raise ProviderError("provider_wrong", f"it calls itself {found.get('issuer')!r}")
    return found


def _endpoint(settings: Settings, found: dict[str, Any], name: str) -> str:
    """Return one of its addresses; only a provider on this computer may do without TLS.

    Raises:
        ProviderError: There is none.
    """
    address = found.get(name)
    secure = (
        ("https://",) if settings.oidc_issuer.startswith("https://") else ("https://", "http://")
    )
    if not isinstance(address, str) or not address.startswith(secure):
        raise ProviderError("provider_wrong", f"{name} is {address!r}")
    return address


def _json(line: httpx.Client, address: str) -> dict[str, Any]:
    """Return the JSON object at an address of the provider.

    Raises:
        ProviderError: It cannot be had.
    """
    try:
        answer = line.get(address)
        answer.raise_for_status()
        body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderError("provider_away", f"{address}: {error}") from error
    if not isinstance(body, dict):
        raise ProviderError("provider_wrong", f"{address}: no object")
    return body


def _token(
    settings: Settings, line: httpx.Client, endpoint: str, code: str, attempt: Attempt
) -> dict[str, Any]:
    """Return what the provider gives for the code.

    Raises:
        ProviderError: It cannot be reached, or does not take the code or our secret.
    """
    try:
        token = _client(settings, line).fetch_token(
            endpoint,
            grant_type="authorization_code",
            code=code,
            code_verifier=attempt.verifier,
            auth=(settings.oidc_client_id, settings.oidc_client_secret.get_secret_value()),
        )
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderError("provider_away", str(error)) from error
    except AuthlibBaseError as error:
        raise ProviderError("provider_wrong", f"it took no code: {error.error}") from error
    return dict(token)


def _validated(
    settings: Settings, token: dict[str, Any], keys: dict[str, Any], nonce: str, now: datetime
) -> CodeIDToken:
    """Return the claims of the ID token, once all of it fits.

    Raises:
        ProviderError: Something does not.
    """
    try:
        found = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        claims = CodeIDToken(
            found.claims,
            found.header,
            options={
                "iss": {"essential": True, "value": settings.oidc_issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": settings.oidc_client_id},
            },
            params={
                "nonce": nonce,
                "client_id": settings.oidc_client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
    except ExpiredTokenError as error:
        raise ProviderError("provider_clock", str(error)) from error
    except InvalidClaimError as error:
        late = error.claim in _TIMES
        raise ProviderError("provider_clock" if late else "provider_wrong", str(error)) from error
    except (JoseError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ProviderError("provider_wrong", f"{type(error).__name__}: {error}") from error
    return claims
