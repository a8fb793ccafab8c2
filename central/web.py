"""The HTTP rim that belongs to no noun: security headers, health, metrics, the built console.

Invariants: every answer carries the same security headers; /metrics is for loopback or a token.
"""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.centre import CentreDep
from central.problems import Problem
from central.settings import Settings

WORKER = "/sw.js"
LOOPBACK = frozenset({"127.0.0.1", "::1", "testclient"})
AS_THEY_ARE = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream")
"""What is not compressed on its way: pictures, clips and archives, which are already; the stream of
events, which must not wait; weights and quarantined messages, which are fetched by their bytes."""
log = structlog.get_logger(__name__)
router = APIRouter(tags=["health"])


class SecurityHeaders:
    """ASGI middleware that adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Work out the headers once."""
        self._app = app
        self._headers = security_headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if "/assets/" in scope["path"]:  # names hold a hash of the content
                    headers.setdefault("Cache-Control", "public, max-age=31536000, immutable")
                elif scope["path"] == WORKER or headers.get("content-type", "").startswith(
                    "text/html"
                ):
                    headers.setdefault("Cache-Control", "no-cache")  # a new release shows at once
                elif headers.get("content-type", "").startswith("application/json"):
                    headers.setdefault("Cache-Control", "no-store")  # names, places, plates
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def security_headers(settings: Settings) -> dict[str, str]:
    """Return the headers; the map's workers are blobs, its tiles come from the configured host."""
    tiles = urlsplit(settings.tile_url)
    host = f" {tiles.scheme}://{tiles.netloc}" if tiles.netloc else ""
    policy = (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:{host}; connect-src 'self'{host}; media-src 'self' blob:; "
        "font-src 'self'; worker-src 'self' blob:; child-src blob:; manifest-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
    }
    if settings.public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer while the process lives."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(centre: CentreDep, response: Response) -> dict[str, bool]:
    """Answer 200 when database, broker and background threads all work, else 503 and which not."""
    try:
        centre.database.ping()
        database = True
    except SQLAlchemyError:
        database = False
    parts = {"database": database, **{name: check() for name, check in centre.checks.items()}}
    if not all(parts.values()):
        response.status_code = 503
    return parts


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, centre: CentreDep) -> Response:
    """Return the centre's numbers for Prometheus."""
    token = centre.settings.metrics_token.get_secret_value()
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    local = not token and request.client is not None and request.client.host in LOOPBACK
    if not local and not (token and secrets.compare_digest(given, token)):
        raise Problem(
            403, "forbidden", "Chỉ dành cho máy chủ.", "Loopback only, or give the metrics token."
        )
    return Response(centre.metrics.exposition(), media_type="text/plain; version=0.0.4")


def serve_console(app: FastAPI, settings: Settings) -> None:
    """Serve the built console at ``/``, unknown pages by its index; say so when it is not built."""
    default = Path(__file__).parent / "console" / "dist"
    folder = Path(settings.console_dir) if settings.console_dir else default
    if not (folder / "index.html").is_file():
        log.warning("console_not_built", folder=str(folder), how="npm ci && npm run build")
        return
    app.frontend("/", directory=folder, fallback="index.html", check_dir=True)
