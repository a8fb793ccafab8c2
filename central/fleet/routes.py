"""HTTP routes of boxes and cameras."""

from typing import Annotated

from fastapi import APIRouter, Depends

from central.auth.guard import Gate, Reach
from central.auth.schemas import Role
from central.auth.scope import scope_of
from central.centre import CentreDep
from central.custody.schemas import Acceptance
from central.fleet import repository, service, suspensions, views
from central.fleet.schemas import (
    BoxItem,
    BoxList,
    BoxToken,
    CameraList,
    NewBox,
    NewSuspension,
    SuspensionEnd,
)
from central.tables.users import UserRow

router = APIRouter(tags=["fleet"])
Viewer = Annotated[UserRow, Depends(Gate(Reach.AREA, wall=True))]
Technician = Annotated[UserRow, Depends(Gate(Reach.AREA, Role.TECHNICIAN))]
Duty = Annotated[
    UserRow,
    Depends(Gate(Reach.AREA, Role.OPERATOR, Role.SHIFT_LEAD, Role.OFFICER, Role.COMMANDER)),
]
Registrar = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, Role.TECHNICIAN))]


@router.get("/boxes")
def list_boxes(user: Viewer, centre: CentreDep) -> BoxList:
    """List every registered box with its health and its cameras, as far as they are theirs."""
    scope = scope_of(user)
    with centre.database.read() as session:
        cameras = repository.cameras_by_box(session, scope=scope)
        boxes = repository.all_boxes(session)
        chains = repository.chains_by_box(session)
        return BoxList(
            items=[
                views.item(box, cameras.get(box.box_id, []), chains.get(box.box_id))
                for box in boxes
                if scope.whole or box.box_id in cameras
            ]
        )


@router.get("/boxes/{box_id}")
def get_box(box_id: str, _: Viewer, centre: CentreDep) -> BoxItem:
    """Return one box with its health and its cameras."""
    with centre.database.read() as session:
        return views.view(session, service.get(session, box_id))


@router.post("/boxes", status_code=201)
def register_box(new: NewBox, user: Registrar, centre: CentreDep) -> BoxToken:
    """Register a box; its secret is shown once."""
    with centre.database.write() as session:
        return service.register(session, new, user.username, centre.clock())


@router.post("/boxes/{box_id}/token")
def renew_token(box_id: str, user: Technician, centre: CentreDep) -> BoxToken:
    """Give a box a new secret, shown once; the old one stops working at once."""
    with centre.database.write() as session:
        return service.renew_token(session, box_id, user.username, centre.clock())


@router.post("/boxes/{box_id}/chain/accept")
def accept_chain(box_id: str, wanted: Acceptance, user: Technician, centre: CentreDep) -> BoxItem:
    """Trust the key and chain that a box has now, with a reason; 409 when nothing is wrong."""
    with centre.database.write() as session:
        return service.accept_chain(session, centre, box_id, user.username, wanted.reason)


@router.delete("/boxes/{box_id}", status_code=204)
def remove_box(box_id: str, user: Technician, centre: CentreDep) -> None:
    """Forget a box and its cameras; its incidents stay."""
    with centre.database.write() as session:
        service.remove(session, centre, box_id, user.username)


@router.get("/cameras")
def list_cameras(user: Viewer, centre: CentreDep) -> CameraList:
    """List every camera that is theirs to see, with its box."""
    with centre.database.read() as session:
        boxes = {box.box_id: box for box in repository.all_boxes(session)}
        found = repository.cameras_by_box(session, scope=scope_of(user))
        return CameraList(
            items=[
                views.camera_item(boxes[box_id], camera)
                for box_id, cameras in found.items()
                for camera in cameras
            ]
        )


@router.post("/boxes/{box_id}/cameras/{camera_id}/suspensions", status_code=202)
def suspend_rules(
    box_id: str, camera_id: str, wanted: NewSuspension, user: Duty, centre: CentreDep
) -> None:
    """Let rules of a camera rest while an officer directs the traffic; the box tells when they do.

    409: a rule that does not run there, or that never rests.
    """
    with centre.database.write() as session:
        camera = suspensions.camera_of(session, scope_of(user), box_id, camera_id)
        suspensions.begin(session, centre, camera, user.username, wanted)


@router.post("/boxes/{box_id}/cameras/{camera_id}/suspensions/end", status_code=202)
def resume_rules(
    box_id: str, camera_id: str, wanted: SuspensionEnd, user: Duty, centre: CentreDep
) -> None:
    """Let rules of a camera look again before their time."""
    with centre.database.write() as session:
        camera = suspensions.camera_of(session, scope_of(user), box_id, camera_id)
        suspensions.end(session, centre, camera, user.username, wanted)
