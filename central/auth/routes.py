"""HTTP routes of log-in and users."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select

from central.auth import service
from central.auth.guard import COOKIE, Gate, LoggedInUser, Reach, check_same_site
from central.auth.passwords import verify_password
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
from central.centre import Centre, CentreDep
from central.problems import Problem
from central.tables.users import UserRow

router = APIRouter(tags=["users"])
Admin = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, Role.ADMIN))]
Colleague = Annotated[UserRow, Depends(Gate(Reach.SHARED))]


@router.post("/session", dependencies=[Depends(check_same_site)])
def log_in(login: LoginRequest, request: Request, response: Response, centre: CentreDep) -> Me:
    """Log in; sets the session cookie. Too many failures make the next attempt wait (429)."""
    address = request.client.host if request.client else "unknown"
    now = centre.clock()
    with centre.database.read() as session:
        blocked = service.find_blocked(session, login.username, address, now)
        user = None if blocked else service.check_password(session, login.username, login.password)
    if user is None:
        centre.metrics.logins_failed.inc()
        if blocked is not None:
            raise _too_many((blocked - now).total_seconds())
        with centre.database.write() as session:
            service.record_failure(session, login.username, address, now)
        raise Problem(401, "wrong_login", "Sai tên hoặc mật khẩu.", "Wrong user name or password.")
    _start_session(centre, user, address, response)
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
        service.log_out(session, request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE)


@router.post("/session/password")
def change_password(
    change: PasswordChange,
    request: Request,
    response: Response,
    user: LoggedInUser,
    centre: CentreDep,
) -> Me:
    """Choose a new password; every other log-in of this user ends."""
    if not verify_password(user.password_hash, change.old_password):
        raise Problem(422, "wrong_password", "Mật khẩu cũ không đúng.", "The old one is wrong.")
    if change.new_password == change.old_password:
        raise Problem(422, "same_password", "Hãy chọn mật khẩu khác.", "Choose another password.")
    with centre.database.write() as session:
        service.set_password(session, user.username, change.new_password, centre.clock())
    address = request.client.host if request.client else "unknown"
    _start_session(centre, user, address, response)
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
    )


def _item(user: UserRow, centre: Centre) -> UserItem:
    """Return a user as an administrator sees them."""
    return UserItem(
        **me(user, centre).model_dump(), disabled=user.disabled, created_at=user.created_at
    )


def _start_session(centre: Centre, user: UserRow, address: str, response: Response) -> None:
    """Store a log-in and set its cookie."""
    lifetime = timedelta(seconds=centre.settings.session_lifetime_s)
    with centre.database.write() as session:
        token = service.record_login(session, user.username, address, centre.clock(), lifetime)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=centre.settings.public_url.startswith("https://"),
    )


def _too_many(wait_s: float) -> Problem:
    """Return the refusal of a throttled log-in."""
    seconds = max(1, round(wait_s))
    problem = Problem(
        429,
        "too_many_attempts",
        f"Sai nhiều lần. Thử lại sau {seconds} giây.",
        f"Too many attempts. Try again in {seconds} s.",
    )
    problem.headers = {"Retry-After": str(seconds)}
    return problem
