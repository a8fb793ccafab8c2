"""HTTP routes of log-in and users."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.auth import attempts, farewell, identities, passkeys, service
from central.auth.guard import (
    Gate,
    LoggedIn,
    LogIn,
    Reach,
    check_same_site,
    cookie_name,
    must_change_password,
    must_enrol,
    session_token,
)
from central.auth.schemas import (
    LoggedOut,
    LoginRequest,
    Me,
    NewUser,
    OneTimePassword,
    PasswordChange,
    PersonItem,
    PersonList,
    Role,
    UserChange,
    UserItem,
    UserList,
    Way,
    WaysIn,
)
from central.auth.scope import scope_of
from central.auth.weakness import is_weak
from central.centre import Centre, CentreDep
from central.problems import Problem
from central.tables.users import UserRow

router = APIRouter(tags=["users"])
Admin = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, Role.ADMIN))]
Colleague = Annotated[UserRow, Depends(Gate(Reach.SHARED))]


@router.post("/session", dependencies=[Depends(check_same_site)])
def log_in(login: LoginRequest, request: Request, response: Response, centre: CentreDep) -> Me:
    """Log in; sets the session cookie. Too many failures make the next attempt wait (429).

    Who has a second factor is answered 401 ``second_factor_needed`` and sends the same again with
    a code; who must use their passkey, 401 ``passkey_needed``.
    """
    address = attempts.address_of(request)
    user = attempts.log_in(centre, address, login.username, login.password, login.code)
    return start_session(centre, LogIn(user, Way.PASSWORD), request, response)


@router.get("/session/ways")
def list_ways(request: Request, centre: CentreDep) -> WaysIn:
    """Return how one may log in here, for the page that asks."""
    site = passkeys.site_of(centre.settings, request.headers.get("host", ""))
    return WaysIn(
        passkey=site is not None,
        provider=centre.settings.oidc_issuer != "",
        provider_label=centre.settings.oidc_label,
    )


@router.get("/session")
def get_session(login: LoggedIn, centre: CentreDep) -> Me:
    """Return who is logged in."""
    return me(login, centre)


@router.delete("/session")
def log_out(request: Request, response: Response, login: LoggedIn, centre: CentreDep) -> LoggedOut:
    """Log out and forget the cookie; who came through the provider is told where to leave it."""
    with centre.database.write() as session:
        service.log_out(session, session_token(request, centre))
    secure = centre.settings.public_url.startswith("https://")
    response.delete_cookie(cookie_name(centre), httponly=True, samesite="strict", secure=secure)
    by_provider = login.way == Way.PROVIDER and centre.settings.oidc_issuer != ""
    left = farewell.leave(centre, request, response) if by_provider else None
    return LoggedOut(provider_url=left)


@router.post("/session/password")
def change_password(
    change: PasswordChange,
    request: Request,
    response: Response,
    login: LoggedIn,
    centre: CentreDep,
) -> Me:
    """Choose a new password; every other log-in of this user ends."""
    user = login.user
    attempts.prove_password(centre, attempts.address_of(request), user, change.old_password)
    if change.new_password == change.old_password:
        raise Problem(422, "same_password", "Hãy chọn mật khẩu khác.", "Choose another password.")
    if is_weak(change.new_password, user.username):
        raise Problem(
            422,
            "weak_password",
            "Mật khẩu này dễ đoán. Hãy đặt một câu của riêng bạn.",
            "This password is guessed early. Take a sentence of your own.",
        )
    with centre.database.write() as session:
        service.set_password(session, user.username, change.new_password, centre.clock())
        changed = service.get_user(session, user.username)
    return start_session(centre, LogIn(changed, login.way), request, response)


@router.get("/users")
def list_users(admin: Admin, centre: CentreDep) -> UserList:
    """List all users."""
    del admin
    with centre.database.read() as session:
        rows = session.scalars(select(UserRow).order_by(UserRow.username)).all()
        return UserList(items=items_of(session, rows, centre))


@router.post("/users", status_code=201)
def create_user(new: NewUser, admin: Admin, centre: CentreDep) -> OneTimePassword:
    """Create a user; the one-time password is shown once."""
    with centre.database.write() as session:
        password = service.create_user(session, new, admin.username, centre.clock())
    return OneTimePassword(username=new.username, password=password)


@router.patch("/users/{username}")
def change_user(username: str, change: UserChange, admin: Admin, centre: CentreDep) -> UserItem:
    """Change name, role or access of a user."""
    with centre.database.write() as session:
        user = service.change_user(session, username, change, admin.username, centre.clock())
        return items_of(session, [user], centre)[0]


@router.post("/users/{username}/password")
def reset_password(username: str, admin: Admin, centre: CentreDep) -> OneTimePassword:
    """Give a user a new one-time password, shown once."""
    with centre.database.write() as session:
        password = service.reset_password(session, username, admin.username, centre.clock())
    return OneTimePassword(username=username, password=password)


@router.delete("/users/{username}/second-factor")
def reset_second_factor(username: str, admin: Admin, centre: CentreDep) -> UserItem:
    """Take the second factor of somebody who lost phone and recovery codes; they are logged out."""
    with centre.database.write() as session:
        now = centre.clock()
        user = service.reset_second_factor(session, username, admin.username, now)
        return items_of(session, [user], centre)[0]


@router.delete("/users/{username}/passkeys")
def remove_passkeys(username: str, admin: Admin, centre: CentreDep) -> UserItem:
    """Remove the passkeys of somebody who lost a device; they are logged out."""
    with centre.database.write() as session:
        user = service.remove_passkeys(session, username, admin.username, centre.clock())
        return items_of(session, [user], centre)[0]


@router.get("/people")
def list_people(user: Colleague, centre: CentreDep) -> PersonList:
    """List by name the people who may be put on call or take over one's shift."""
    with centre.database.read() as session:
        rows = service.colleagues(session, scope_of(user))
    return PersonList(items=[PersonItem.model_validate(row) for row in rows])


def me(login: LogIn, centre: Centre) -> Me:
    """Return a user as they see themselves."""
    user = login.user
    return Me(
        username=user.username,
        display_name=user.display_name,
        role=Role(user.role),
        areas=user.areas,
        must_change_password=must_change_password(centre, login),
        second_factor=user.second_factor_since is not None,
        must_enrol=must_enrol(centre, login),
    )


def items_of(session: Session, users: Sequence[UserRow], centre: Centre) -> list[UserItem]:
    """Return users as an administrator sees them."""
    keys = passkeys.counts(session)
    linked = identities.subjects(session, centre.settings.oidc_issuer)
    return [
        UserItem(
            **me(LogIn(user, Way.PASSWORD), centre).model_dump(),
            disabled=user.disabled,
            created_at=user.created_at,
            passkeys=keys.get(user.username, 0),
            identity=linked.get(user.username),
        )
        for user in users
    ]


def start_session(centre: Centre, login: LogIn, request: Request, response: Response) -> Me:
    """Store a log-in, end the one that the browser had, set the cookie; return who is in."""
    lifetime = timedelta(seconds=centre.settings.session_lifetime_s)
    name, address = login.user.username, attempts.address_of(request)
    with centre.database.write() as session:
        service.log_out(session, session_token(request, centre))
        token = service.record_login(session, name, address, login.way, centre.clock(), lifetime)
    response.set_cookie(
        cookie_name(centre),
        token,
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=centre.settings.public_url.startswith("https://"),
    )
    return me(login, centre)
