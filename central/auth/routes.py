"""HTTP routes of log-in and users."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select

from central.auth import attempts, second_factor, service
from central.auth.guard import (
    Gate,
    LoggedInUser,
    Reach,
    check_same_site,
    cookie_name,
    session_token,
)
from central.auth.schemas import (
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
    a code.
    """
    address = attempts.address_of(request)
    user = attempts.log_in(centre, address, login.username, login.password, login.code)
    start_session(centre, user, request, response)
    return me(user, centre)


@router.get("/session")
def get_session(user: LoggedInUser, centre: CentreDep) -> Me:
    """Return who is logged in."""
    return me(user, centre)


@router.delete("/session", status_code=204)
def log_out(request: Request, response: Response, user: LoggedInUser, centre: CentreDep) -> None:
    """Log out and forget the cookie."""
    del user
    with centre.database.write() as session:
        service.log_out(session, session_token(request, centre))
    secure = centre.settings.public_url.startswith("https://")
    response.delete_cookie(cookie_name(centre), httponly=True, samesite="strict", secure=secure)


@router.post("/session/password")
def change_password(
    change: PasswordChange,
    request: Request,
    response: Response,
    user: LoggedInUser,
    centre: CentreDep,
) -> Me:
    """Choose a new password; every other log-in of this user ends."""
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
    start_session(centre, user, request, response)
    return me(user, centre).model_copy(update={"must_change_password": False})


@router.get("/users")
def list_users(admin: Admin, centre: CentreDep) -> UserList:
    """List all users."""
    del admin
    with centre.database.read() as session:
        rows = session.scalars(select(UserRow).order_by(UserRow.username)).all()
    return UserList(items=[_item(row, centre) for row in rows])


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
        return _item(user, centre)


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
        return _item(user, centre)


@router.get("/people")
def list_people(user: Colleague, centre: CentreDep) -> PersonList:
    """List by name the people who may be put on call or take over one's shift."""
    with centre.database.read() as session:
        rows = service.colleagues(session, scope_of(user))
    return PersonList(items=[PersonItem.model_validate(row) for row in rows])


def me(user: UserRow, centre: Centre) -> Me:
    """Return a user as they see themselves."""
    return Me(
        username=user.username,
        display_name=user.display_name,
        role=Role(user.role),
        areas=user.areas,
        must_change_password=user.must_change_password and centre.settings.require_password_change,
        second_factor=user.second_factor_since is not None,
        must_enrol=second_factor.must_enrol(centre.settings, user),
    )


def _item(user: UserRow, centre: Centre) -> UserItem:
    """Return a user as an administrator sees them."""
    return UserItem(
        **me(user, centre).model_dump(), disabled=user.disabled, created_at=user.created_at
    )


def start_session(centre: Centre, user: UserRow, request: Request, response: Response) -> None:
    """Store a log-in, end the one that the browser had, and set the cookie."""
    lifetime = timedelta(seconds=centre.settings.session_lifetime_s)
    name, address = user.username, attempts.address_of(request)
    with centre.database.write() as session:
        service.log_out(session, session_token(request, centre))
        token = service.record_login(session, name, address, centre.clock(), lifetime)
    response.set_cookie(
        cookie_name(centre),
        token,
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=centre.settings.public_url.startswith("https://"),
    )
