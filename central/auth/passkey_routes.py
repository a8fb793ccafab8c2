"""HTTP routes of passkeys: log in with one, and keep one's own.

What belongs to oneself is for whoever is logged in, even without the second factor that their role
owes: a passkey is one.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central.auth import attempts, handshakes, passkeys, service
from central.auth.guard import LoggedIn, LoggedInUser, LogIn, check_same_site
from central.auth.handshakes import Purpose
from central.auth.passkey_schemas import (
    NewPasskey,
    NewPasskeyOptions,
    PasskeyChallenge,
    PasskeyItem,
    PasskeyList,
    PasskeyProof,
    PasskeyRename,
)
from central.auth.routes import start_session
from central.auth.schemas import Me, PasswordAgain, Way
from central.centre import Centre, CentreDep
from central.problems import Problem

router = APIRouter(tags=["users"])
OWN = "/session/passkeys"
TIMEOUT_MS = int(handshakes.LIFETIME.total_seconds() * 1000)


def _site(request: Request, centre: CentreDep) -> passkeys.Site:
    """Return our address as browsers know it.

    Raises:
        Problem: 409, there can be no passkeys at this address.
    """
    site = passkeys.site_of(centre.settings, request.headers.get("host", ""))
    if site is None:
        raise Problem(
            409,
            "no_passkeys_here",
            "Khóa truy cập cần địa chỉ https có tên miền (SONGLAM_PUBLIC_URL).",
            "Passkeys need a named host under https (SONGLAM_PUBLIC_URL).",
        )
    return site


SiteDep = Annotated[passkeys.Site, Depends(_site)]


@router.post("/session/passkey/challenge", dependencies=[Depends(check_same_site)])
def challenge(site: SiteDep, centre: CentreDep) -> PasskeyChallenge:
    """Return a challenge to log in with; it counts once."""
    with centre.database.write() as session:
        token = handshakes.begin(session, Purpose.PASSKEY, centre.clock())
    return PasskeyChallenge(challenge=token, rp_id=site.rp_id, timeout_ms=TIMEOUT_MS)


@router.post("/session/passkey", dependencies=[Depends(check_same_site)])
def log_in(
    proof: PasskeyProof, site: SiteDep, request: Request, response: Response, centre: CentreDep
) -> Me:
    """Log in with a passkey; sets the session cookie as a password does."""
    user = attempts.log_in_by_passkey(centre, attempts.address_of(request), site, proof)
    return start_session(centre, LogIn(user, Way.PASSKEY), request, response)


@router.get(OWN)
def list_own(request: Request, user: LoggedInUser, centre: CentreDep) -> PasskeyList:
    """List one's passkeys."""
    return _list(request, user.username, centre)


@router.post(OWN)
def begin(
    again: PasswordAgain, site: SiteDep, request: Request, user: LoggedInUser, centre: CentreDep
) -> NewPasskeyOptions:
    """Return what the browser needs to have a passkey made; takes the password again."""
    attempts.prove_password(centre, attempts.address_of(request), user, again.password)
    with centre.database.write() as session:
        token, handle = passkeys.begin(session, user.username, centre.clock())
        present = [row.credential_id for row in passkeys.of_person(session, user.username)]
    return NewPasskeyOptions(
        challenge=token,
        rp_id=site.rp_id,
        timeout_ms=TIMEOUT_MS,
        user_handle=handle,
        username=user.username,
        display_name=user.display_name,
        algorithms=[int(each) for each in passkeys.ALGORITHMS],
        exclude=present,
    )


@router.post(f"{OWN}/confirm")
def confirm(
    new: NewPasskey,
    site: SiteDep,
    request: Request,
    response: Response,
    login: LoggedIn,
    centre: CentreDep,
) -> PasskeyList:
    """Keep the passkey that was made; every other log-in of this user ends."""
    name = login.user.username
    with centre.database.write() as session:
        kept = passkeys.add(session, site, name, new, centre.clock())
        if kept:
            service.end_log_ins(session, name)
    if not kept:
        raise Problem(
            422,
            "wrong_passkey",
            "Chưa tạo được khóa truy cập, hoặc đã quá 5 phút. Hãy làm lại từ đầu.",
            "The passkey was not made, or it took over 5 minutes. Begin again.",
        )
    start_session(centre, LogIn(login.user, Way.PASSKEY), request, response)
    return _list(request, name, centre)


@router.patch(f"{OWN}/{{passkey_id}}")
def rename(
    passkey_id: int, change: PasskeyRename, request: Request, user: LoggedInUser, centre: CentreDep
) -> PasskeyList:
    """Call a passkey of one's own something else."""
    with centre.database.write() as session:
        passkeys.rename(session, user.username, passkey_id, change.name, centre.clock())
    return _list(request, user.username, centre)


@router.post(f"{OWN}/{{passkey_id}}/remove")
def remove(
    passkey_id: int,
    again: PasswordAgain,
    request: Request,
    response: Response,
    login: LoggedIn,
    centre: CentreDep,
) -> PasskeyList:
    """Remove a passkey; every other log-in of this user ends. 409: the role must have one."""
    user = login.user
    attempts.prove_password(centre, attempts.address_of(request), user, again.password)
    with centre.database.write() as session:
        now = centre.clock()
        passkeys.forget(session, centre.settings, user.username, passkey_id, now)
        service.end_log_ins(session, user.username)
    start_session(centre, login, request, response)
    return _list(request, user.username, centre)


def _list(request: Request, username: str, centre: Centre) -> PasskeyList:
    """Return a person's passkeys, and whether this address can have any."""
    with centre.database.read() as session:
        rows = passkeys.of_person(session, username)
    return PasskeyList(
        items=[PasskeyItem.model_validate(row) for row in rows],
        possible=passkeys.site_of(centre.settings, request.headers.get("host", "")) is not None,
    )
