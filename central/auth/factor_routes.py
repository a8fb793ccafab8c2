"""HTTP routes of one's own second factor: set up, confirm, new recovery codes, turn off.

Whoever is logged in may come in, with a one-time password or without the factor that their role
owes too: here is where they get it.
"""

from fastapi import APIRouter, Request, Response

from central.auth import second_factor, service
from central.auth.attempts import address_of, prove_password
from central.auth.guard import LoggedIn, LoggedInUser
from central.auth.routes import start_session
from central.auth.schemas import (
    Code,
    NewSecret,
    PasswordAgain,
    RecoveryCodes,
    SecondFactorItem,
)
from central.centre import CentreDep
from central.problems import Problem

router = APIRouter(prefix="/session/second-factor", tags=["users"])


@router.get("")
def get_second_factor(user: LoggedInUser, centre: CentreDep) -> SecondFactorItem:
    """Return where one stands."""
    with centre.database.read() as session:
        left = second_factor.codes_left(session, user.username)
    return SecondFactorItem(
        since=user.second_factor_since,
        required=second_factor.is_required(centre.settings, user.role),
        recovery_codes_left=left,
    )


@router.post("")
def begin(
    again: PasswordAgain, request: Request, user: LoggedInUser, centre: CentreDep
) -> NewSecret:
    """Return a new secret for the phone; it counts once a code of it was given."""
    prove_password(centre, address_of(request), user, again.password)
    with centre.database.write() as session:
        secret = second_factor.begin(session, centre.data_dir, user.username)
    return NewSecret(secret=secret.base32, uri=secret.uri, qr_url=secret.qr_url)


@router.post("/confirm")
def confirm(
    given: Code, request: Request, response: Response, login: LoggedIn, centre: CentreDep
) -> RecoveryCodes:
    """Turn it on by a first code; every other log-in of this user ends."""
    name, now = login.user.username, centre.clock()
    with centre.database.write() as session:
        codes = second_factor.confirm(session, centre.data_dir, name, given.code, now)
        if codes is not None:
            service.end_log_ins(session, name)
    if codes is None:
        raise Problem(
            422,
            "wrong_code",
            "Mã không đúng. Kiểm tra giờ của điện thoại và thử mã tiếp theo.",
            "The code is not right. Check the phone's clock and try the next one.",
        )
    start_session(centre, login, request, response)
    return RecoveryCodes(codes=codes)


@router.post("/recovery-codes")
def renew_recovery_codes(
    again: PasswordAgain, request: Request, user: LoggedInUser, centre: CentreDep
) -> RecoveryCodes:
    """Return new recovery codes; the old ones no longer work."""
    prove_password(centre, address_of(request), user, again.password)
    with centre.database.write() as session:
        codes = second_factor.renew_codes(session, user.username, centre.clock())
    return RecoveryCodes(codes=codes)


@router.post("/remove", status_code=204)
def turn_off(
    again: PasswordAgain,
    request: Request,
    response: Response,
    login: LoggedIn,
    centre: CentreDep,
) -> None:
    """Turn it off; every other log-in of this user ends. 409 where the role must have it."""
    user = login.user
    prove_password(centre, address_of(request), user, again.password)
    if second_factor.is_required(centre.settings, user.role):
        raise Problem(
            409,
            "second_factor_required",
            "Vai trò của bạn phải dùng xác thực hai lớp.",
            "Your role must use a second factor.",
        )
    with centre.database.write() as session:
        second_factor.turn_off(session, user.username, user.username, centre.clock())
        service.end_log_ins(session, user.username)
    start_session(centre, login, request, response)
