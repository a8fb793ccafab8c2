"""HTTP routes with which a person lets one browser ring, or be quiet."""

from typing import Annotated

from fastapi import APIRouter, Depends

from central.alerts import push
from central.alerts.schemas import NewSubscription, PushState
from central.alerts.webpush import public_key
from central.auth.guard import CurrentLogin, Gate, Reach
from central.centre import CentreDep
from central.problems import Problem
from central.signing import load_push_key
from central.tables.users import UserRow

router = APIRouter(prefix="/push", tags=["alerts"])
Owner = Annotated[UserRow, Depends(Gate(Reach.OWN))]


@router.get("")
def get_push(_: Owner, login: CurrentLogin, centre: CentreDep) -> PushState:
    """Return whether Web Push is to be had, its public key, and whether this browser rings."""
    if not push.services_of(centre.settings):
        return PushState(available=False, public_key="", subscribed=False)
    try:
        key = load_push_key(centre.data_dir)
    except (OSError, ValueError) as error:
        raise Problem(
            503,
            "push_key",
            "Khóa thông báo đẩy của trung tâm bị hỏng. Hãy báo quản trị hệ thống.",
            "The centre's push key cannot be read.",
        ) from error
    with centre.database.read() as session:
        known = push.own_subscription(session, login) is not None
    return PushState(available=True, public_key=public_key(key), subscribed=known)


@router.put("/subscription", status_code=204)
def put_subscription(
    new: NewSubscription, user: Owner, login: CurrentLogin, centre: CentreDep
) -> None:
    """Let this browser ring for the person who is logged in on it."""
    with centre.database.write() as session:
        push.subscribe(session, centre, new, user.username, login)


@router.delete("/subscription", status_code=204)
def delete_subscription(user: Owner, login: CurrentLogin, centre: CentreDep) -> None:
    """Let this browser be quiet."""
    with centre.database.write() as session:
        push.unsubscribe(session, centre, user.username, login)
