"""The gate of the HTTP API: who is asking, and may they.

A person carries a session cookie; every changing request also carries ``X-Songlam: 1``, which a
foreign page cannot send without CORS, and an ``Origin`` that is ours when the browser sends one.
A box carries a bearer token and reaches box routes only. Every route of people declares a
:class:`Gate`, every route of boxes ``CurrentBox``; a test finds the one that does not. Nothing else
in the product reads cookies or Authorization headers.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import Depends, Request
from sqlalchemy import select
from starlette.requests import HTTPConnection

from central.auth import audit, second_factor, walls
from central.auth.schemas import Role, Way
from central.auth.scope import foreign, scope_of
from central.auth.tokens import token_hash
from central.centre import Centre, CentreDep
from central.problems import Problem
from central.tables.fleet import BoxRow
from central.tables.users import LoginRow, UserRow

COOKIE = "songlam_session"
CSRF_HEADER = "X-Songlam"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
log = structlog.get_logger(__name__)


def cookie_name(centre: Centre) -> str:
    """Return the name of the session cookie; browsers hold ``__Host-`` to this host and to TLS."""
    secure = centre.settings.public_url.startswith("https://")
    return f"__Host-{COOKIE}" if secure else COOKIE


def session_token(request: HTTPConnection, centre: Centre) -> str:
    """Return the token of the session cookie, empty for none."""
    return request.cookies.get(cookie_name(centre), "")


def check_same_site(request: Request, centre: CentreDep) -> None:
    """Refuse a changing request that a foreign page could have caused.

    Raises:
        Problem: 403, when the header is missing or the origin is not ours.
    """
    if request.method in _SAFE:
        return
    origin = request.headers.get("origin")
    ours = {request.headers.get("host", ""), urlsplit(centre.settings.public_url).netloc} - {""}
    foreign = origin is not None and urlsplit(origin).netloc not in ours
    if foreign or request.headers.get(CSRF_HEADER) != "1":
        raise Problem(
            403,
            "csrf",
            "Yêu cầu không đến từ trang điều hành.",
            f"The request does not come from the console (header {CSRF_HEADER}: 1, own origin).",
        )


@dataclass(frozen=True, slots=True)
class LogIn:
    """Who is logged in, and how they proved it."""

    user: UserRow
    way: Way


def logged_in(
    request: Request, centre: CentreDep, _: Annotated[None, Depends(check_same_site)]
) -> LogIn:
    """Return the log-in of the session cookie, even of one who must still change the password.

    Raises:
        Problem: 401, when there is no session, it ended, or the user is disabled.
    """
    login = find_log_in(centre, session_token(request, centre))
    if login is None:
        raise Problem(401, "not_logged_in", "Bạn chưa đăng nhập.", "You are not logged in.")
    if walls.is_wall(login.user) and request.method not in _SAFE:
        raise _forbidden("a video wall changes nothing")
    return login


LoggedIn = Annotated[LogIn, Depends(logged_in)]


def logged_in_user(login: LoggedIn) -> UserRow:
    """Return who is logged in, whatever they still owe."""
    return login.user


LoggedInUser = Annotated[UserRow, Depends(logged_in_user)]


def must_change_password(centre: Centre, login: LogIn) -> bool:
    """Return whether they came in by a one-time password, which somebody else knows too."""
    forced = login.user.must_change_password and centre.settings.require_password_change
    return forced and login.way == Way.PASSWORD


def must_enrol(centre: Centre, login: LogIn) -> bool:
    """Return whether they must set up a second factor before anything else."""
    one = login.way == Way.PASSWORD and login.user.second_factor_since is None
    return one and second_factor.is_required(centre.settings, login.user.role)


def current_user(centre: CentreDep, login: LoggedIn) -> UserRow:
    """Return the user who may use the console.

    Raises:
        Problem: 403, while a one-time password is still in use or a second factor is owed.
    """
    if must_change_password(centre, login):
        raise Problem(
            403,
            "password_change_required",
            "Hãy đổi mật khẩu dùng một lần trước.",
            "Change the one-time password first.",
        )
    if must_enrol(centre, login):
        raise Problem(
            403,
            "second_factor_required",
            "Vai trò của bạn phải bật xác thực hai lớp trước.",
            "Your role must set up a second factor first.",
        )
    return login.user


CurrentUser = Annotated[UserRow, Depends(current_user)]


def current_login(request: Request, centre: CentreDep, _: CurrentUser) -> str:
    """Return which log-in of theirs this is, as the database knows it."""
    return token_hash(session_token(request, centre))


CurrentLogin = Annotated[str, Depends(current_login)]


class Reach(StrEnum):
    """What a route can touch, and so what the area of a person means there."""

    OWN = "own"
    """The person's own log-in and settings."""
    SHARED = "shared"
    """What is the same for everyone: lists of names, maps, figures of the province."""
    AREA = "area"
    """Things that lie somewhere: what the path names must lie within, lists are filtered."""
    PROVINCE = "province"
    """What cannot be divided: only for who sees the whole province."""


class Gate:
    """The dependency that every route declares: who may come in, and what they reach."""

    def __init__(self, reach: Reach, *roles: Role, record: str = "", wall: bool = False) -> None:
        """Describe a route.

        Args:
            reach: What it can touch.
            *roles: Who may; none given: everyone who is logged in. An administrator always passes.
            record: The verb for the audit log when entering is itself the act: view, search.
            wall: Whether a video wall may too, see :mod:`central.auth.walls`.
        """
        self.reach = reach
        self.roles = frozenset({Role.ADMIN, *roles}) if roles else frozenset(Role)
        self.record = record
        self.wall = wall

    def __call__(self, request: Request, centre: CentreDep, user: CurrentUser) -> UserRow:
        """Return who comes in.

        Raises:
            Problem: 403, not this role or not this area; 404, the thing is not theirs to see.
        """
        problem = self._refusal(request, centre, user)
        if problem is not None:
            told = {"user": user.username, "method": request.method, "path": request.url.path}
            log.warning("refused", code=problem.code, **told)
            raise problem
        if self.record:
            self._write(request, centre, user)
        return user

    def _refusal(self, request: Request, centre: Centre, user: UserRow) -> Problem | None:
        """Return why a person may not come in, or None."""
        scope = scope_of(user)
        if walls.is_wall(user) and not self.wall:
            return _forbidden("a video wall shows the wall, nothing else")
        if user.role not in self.roles:
            return _forbidden(f"one of {', '.join(sorted(self.roles))} may")
        if self.reach is Reach.PROVINCE and not scope.whole:
            return _forbidden("it is for who sees the whole province")
        if self.reach is Reach.AREA:
            with centre.database.read() as session:
                kind = foreign(session, scope, request.path_params.items())
            if kind is not None:
                return Problem(404, f"no_such_{kind}", "Không có.", f"There is no such {kind}.")
        return None

    def _write(self, request: Request, centre: Centre, user: UserRow) -> None:
        """Record who came in for what."""
        named = next(iter(request.path_params.values()), "")
        noun = request.url.path.split("/")[3].removesuffix("s")
        asked = {"query": request.url.query[:500]} if request.url.query else {}
        with centre.database.write() as session:
            thing = (noun, str(named)[:200])
            audit.record(session, centre.clock(), user.username, self.record, thing, **asked)


def _forbidden(why: str) -> Problem:
    """Return the refusal of who has another role or area."""
    return Problem(
        403,
        "forbidden",
        "Vai trò hoặc địa bàn của bạn không được làm việc này.",
        f"You may not do this: {why}.",
    )


def find_log_in(centre: Centre, token: str) -> LogIn | None:
    """Return the unexpired log-in of an enabled user that has ``token``."""
    if not token:
        return None
    if walls.is_token(token):
        wall = walls.acting(centre, token)
        return None if wall is None else LogIn(wall, Way.PASSWORD)  # of who started it
    with centre.database.read() as session:
        found = session.execute(
            select(UserRow, LoginRow.way)
            .join(LoginRow, LoginRow.username == UserRow.username)
            .where(
                LoginRow.token_hash == token_hash(token),
                LoginRow.expires_at > centre.clock(),
                UserRow.disabled.is_(False),
            )
        ).first()
    return None if found is None else LogIn(user=found[0], way=Way(found[1]))


def current_box(request: Request, centre: CentreDep) -> str:
    """Return the box_id of the bearer token.

    Raises:
        Problem: 401, when the token is missing or of no registered box.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    box_id = find_box(centre, token) if scheme.lower() == "bearer" else None
    if box_id is None:
        raise Problem(
            401,
            "unknown_box",
            "Mã của thiết bị biên không đúng.",
            "The bearer token belongs to no registered box.",
        )
    return box_id


def find_box(centre: Centre, token: str) -> str | None:
    """Return the box that owns ``token``.

    The look-up is by the token's hash: timing tells an attacker nothing about a secret whose hash
    they cannot steer.
    """
    with centre.database.read() as session:
        return session.scalar(select(BoxRow.box_id).where(BoxRow.token_hash == token_hash(token)))


CurrentBox = Annotated[str, Depends(current_box)]
