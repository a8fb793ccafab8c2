"""HTTP routes of log-in through the province's directory, and of who there a user is.

The browser leaves for the provider with a ``state`` that its cookie holds too, and comes back by a
plain navigation: that is the one request that starts a session without our header, so the cookie,
the state and the provider's code must all fit. It is then sent to a path of our own, whatever
happened: to where it was going, or to the log-in page with a word for what went wrong.
"""

import secrets
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from central.asked import open_query
from central.auth import attempts, farewell, handshakes, identities, oidc, service, throttle
from central.auth.guard import LogIn, check_same_site, cookie_name
from central.auth.handshakes import Purpose
from central.auth.oidc import Attempt, ProviderError
from central.auth.routes import Admin, items_of, start_session
from central.auth.schemas import Journey, NewIdentity, ProviderAddress, UserItem, Way
from central.auth.tokens import new_token
from central.centre import Centre, CentreDep
from central.problems import Problem

log = structlog.get_logger(__name__)
router = APIRouter(tags=["users"])
Short = Annotated[str, Query(max_length=4000)]


def _needed(centre: CentreDep) -> None:
    """Refuse where no provider is configured.

    Raises:
        Problem: 409.
    """
    if not centre.settings.oidc_issuer:
        raise Problem(
            409,
            "no_provider",
            "Chưa cấu hình đăng nhập bằng tài khoản ngoài.",
            "No log-in by an external provider is configured.",
        )


@router.post("/session/provider", dependencies=[Depends(check_same_site), Depends(_needed)])
def leave(
    journey: Journey, request: Request, response: Response, centre: CentreDep
) -> ProviderAddress:
    """Return where the browser must go to log in, and give it the cookie to come back with."""
    attempts.check_wait(centre, throttle.address_keys(attempts.address_of(request)))
    nonce, verifier, now = new_token(), new_token(), centre.clock()
    told = {"nonce": nonce, "verifier": verifier, "next": journey.next}
    with centre.database.write() as session:
        state = handshakes.begin(session, Purpose.PROVIDER, now, **told)
    try:
        url = oidc.authorization_url(centre.settings, Attempt(state, nonce, verifier))
    except ProviderError as error:
        log.warning("provider_failed", reason=str(error))
        raise Problem(
            503,
            error.code,
            "Hệ thống tài khoản ngoài không trả lời đúng. Hãy dùng mật khẩu, và báo quản trị.",
            "The external provider does not answer as it should. Use the password; tell an "
            "administrator.",
        ) from error
    _set_state(centre, response, state, handshakes.LIFETIME)
    return ProviderAddress(url=url)


# RFC 6749, 4.1.2: what else a provider says is to be passed over.
@router.get("/session/provider/return", dependencies=[Depends(_needed), Depends(open_query)])
def come_back(
    request: Request,
    centre: CentreDep,
    code: Short = "",
    state: Short = "",
    iss: Short = "",
    error: Short = "",
) -> RedirectResponse:
    """Log in whom the provider has shown, and go on to a path of our own."""
    held = request.cookies.get(_state_name(centre), "")
    try:
        detail = _taken(centre, state, held)
        attempt = Attempt(state, detail["nonce"], detail["verifier"])
        refused = error or (f"by {iss}" if iss not in {"", centre.settings.oidc_issuer} else "")
        address = attempts.address_of(request)
        user, token = attempts.log_in_by_provider(centre, address, code, attempt, refused)
    except ProviderError as failure:
        log.warning("provider_failed", reason=str(failure))
        answer = _to("/login?" + urlencode({"problem": failure.code}))
    else:
        answer = _to(detail["next"])
        start_session(centre, LogIn(user, Way.PROVIDER), request, answer)
        farewell.remember(centre, answer, token)
    _set_state(centre, answer, "", timedelta(0))
    return answer


@router.put("/users/{username}/identity")
def link(username: str, named: NewIdentity, admin: Admin, centre: CentreDep) -> UserItem:
    """Say who at the provider a user is; who was linked before is not any more."""
    _needed(centre)
    with centre.database.write() as session:
        user = service.get_user(session, username)
        thing = (centre.settings.oidc_issuer, named.subject)
        identities.assign(session, thing, username, admin.username, centre.clock())
        session.flush()
        return items_of(session, [user], centre)[0]


@router.delete("/users/{username}/identity")
def unlink(username: str, admin: Admin, centre: CentreDep) -> UserItem:
    """Forget who at the provider a user is; they are logged out."""
    _needed(centre)
    issuer, now = centre.settings.oidc_issuer, centre.clock()
    with centre.database.write() as session:
        user = service.get_user(session, username)
        identities.release(session, issuer, username, admin.username, now)
        service.end_log_ins(session, username)
        return items_of(session, [user], centre)[0]


def _taken(centre: Centre, state: str, held: str) -> dict[str, str]:
    """Return what was kept of the journey that comes back.

    Raises:
        ProviderError: It is not of this browser, took too long, or came back before.
    """
    if not (state and secrets.compare_digest(held.encode(), state.encode())):
        raise ProviderError("provider_late", "not of this browser")
    with centre.database.write() as session:
        detail = handshakes.take(session, Purpose.PROVIDER, state, centre.clock())
    if detail is None:
        raise ProviderError("provider_late", "used or too old")
    return detail


def _to(path: str) -> RedirectResponse:
    """Return an answer that sends the browser to a path of ours."""
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})


def _state_name(centre: Centre) -> str:
    """Return the name of the cookie of a journey, held to this host as the session's is."""
    return cookie_name(centre).replace("session", "journey")


def _set_state(centre: Centre, response: Response, state: str, lifetime: timedelta) -> None:
    """Give or take the cookie of a journey.

    ``Lax``: it must come along when the provider sends the browser back, and on nothing else that
    another site causes.
    """
    response.set_cookie(
        _state_name(centre),
        state,
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=centre.settings.public_url.startswith("https://"),
    )
