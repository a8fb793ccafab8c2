"""An OpenID Connect provider on a loopback port that speaks the real protocol.

Discovery, keys, authorization, token and end-session endpoint; codes count once and are bound to
client, address and PKCE; tokens are signed by RS256. Its attributes are who is at the browser, and
what goes wrong.
"""

from __future__ import annotations

import json
import secrets
import threading
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import RSAKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from central.clock import Clock

CLIENT_ID = "songlam-centre"
CLIENT_SECRET = "kqZ5vT1x8RjWmC3nYb7d"


@cache
def key(name: str) -> RSAKey:
    """Return a key pair, made once per name."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


@dataclass
class Provider:
    """The provider: what it says, and what it was asked."""

    clock: Clock
    issuer: str = ""
    subject: str = "u-1001"
    claims: dict[str, Any] = field(default_factory=dict)
    """Put into each ID token, over what belongs there; None leaves a claim out."""
    says: dict[str, Any] = field(default_factory=dict)
    """Put into what it says of itself."""
    signs_with: str = "first"
    header: dict[str, Any] = field(default_factory=dict)
    refuses: str = ""
    away: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    """What came to the authorization endpoint."""
    left: list[dict[str, str]] = field(default_factory=list)
    """What came to the end-session endpoint."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def reset(self) -> None:
        """Be well again."""
        blank = Provider(self.clock, self.issuer)
        self.__dict__.update(blank.__dict__)

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return the settings of a centre that people log in to through it."""
        return {
            "public_url": "http://songlam.test",
            "oidc_issuer": self.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            **more,
        }

    def about(self) -> dict[str, Any]:
        """Return what it says of itself; None in ``says`` leaves something out."""
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/leave",
        }
        return {name: value for name, value in {**told, **self.says}.items() if value is not None}

    def authorize(self, query: dict[str, str]) -> str:
        """Return where the browser is sent: somebody is there and agrees, or not."""
        self.asked.append(query)
        if self.refuses:
            told = {"error": self.refuses}
        else:
            code = secrets.token_urlsafe(16)
            self.codes[code] = query
            told = {"code": code, "iss": self.issuer}
        return query["redirect_uri"] + "?" + urlencode({**told, "state": query["state"]})

    def leave(self, query: dict[str, str]) -> str:
        """Return where the browser is sent: whoever its token names is logged out."""
        self.left.append(query)
        claims = jwt.decode(query["id_token_hint"], key("first"), algorithms=["RS256"]).claims
        assert (claims["aud"], claims["sub"]) == (query["client_id"], self.subject)
        return query["post_logout_redirect_uri"]

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Return the answer of the token endpoint."""
        asked = self.codes.pop(form.get("code", ""), None)
        kind, _, coded = authorization.partition(" ")
        if kind != "Basic" or b64decode(coded).decode() != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return 401, {"error": "invalid_client"}
        fits = (
            asked is not None
            and form["grant_type"] == "authorization_code"
            and form["redirect_uri"] == asked["redirect_uri"]
            and asked["code_challenge_method"] == "S256"
            and create_s256_code_challenge(form["code_verifier"]) == asked["code_challenge"]
        )
        if asked is None or not fits:
            return 400, {"error": "invalid_grant"}
        token = self.id_token(asked.get("nonce", ""))
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": token}

    def id_token(self, nonce: str) -> str:
        """Return a signed ID token."""
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer, "sub": self.subject, "aud": CLIENT_ID, "nonce": nonce,
            "iat": now, "exp": now + 300, **self.claims,
        }  # fmt: skip
        present = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": "first", **self.header}
        if header["alg"] == "none":
            unsigned = jwt.encode({**header, "alg": "RS256"}, present, key("first"))
            return unsigned.rsplit(".", 1)[0] + "."
        return jwt.encode(header, present, key(self.signs_with))


@contextmanager
def oidc_provider(clock: Clock) -> Iterator[Provider]:
    """Yield a provider on a free loopback port."""
    provider = Provider(clock)

    class Desk(BaseHTTPRequestHandler):
        """Takes the requests."""

        def do_GET(self) -> None:
            """Say who it is, give out keys, send browsers back."""
            path, _, query = self.path.partition("?")
            if provider.away:
                self._answer(503, {})
            elif path in {"/authorize", "/leave"}:
                go = provider.authorize if path == "/authorize" else provider.leave
                self.send_response(302)
                self.send_header("Location", go(_flat(query)))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif path == "/keys":
                self._answer(200, {"keys": [key("first").as_dict(private=False)]})
            else:
                self._answer(200, provider.about())

        def do_POST(self) -> None:
            """Give tokens for codes."""
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*provider.token(_flat(raw), self.headers.get("Authorization", "")))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            """Answer with JSON."""
            answer = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def path_of(address: str) -> str:
    """Return an address without its host, below the root of the API."""
    parts = urlsplit(address)
    return f"{parts.path.removeprefix('/api/v1')}?{parts.query}"


def _flat(query: str) -> dict[str, str]:
    """Return the parameters of a query or form."""
    return {name: values[0] for name, values in parse_qs(query).items()}
