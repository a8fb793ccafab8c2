"""HTTP routes of video walls: start one on the screen itself, see when each was used, end one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from central.asked import Asked
from central.auth import service, walls
from central.auth.guard import Gate, Reach, cookie_name, session_token
from central.auth.schemas import Role
from central.centre import CentreDep
from central.tables.users import UserRow
from edge.contract.messages import UtcTime

router = APIRouter(prefix="/walls", tags=["users"])
Starter = Annotated[UserRow, Depends(Gate(Reach.OWN, Role.SHIFT_LEAD))]


class NewWall(Asked):
    """Which screen it is."""

    name: str = Field(min_length=1, max_length=60)


class WallItem(BaseModel):
    """A video wall that shows without anybody logged in."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    started_by: str
    started_at: UtcTime
    last_used_at: UtcTime
    """Within ten minutes."""
    expires_at: UtcTime
    """When it ends unless it is used."""
    ends_at: UtcTime
    """When it ends, used or not."""


class WallList(BaseModel):
    """Walls that a person may end."""

    items: list[WallItem]


@router.get("")
def list_walls(user: Starter, centre: CentreDep) -> WallList:
    """List the walls that one started; all of them for who sees the whole province."""
    with centre.database.read() as session:
        found = walls.known_to(session, user, centre.clock())
        return WallList(items=[WallItem.model_validate(each) for each in found])


@router.post("", status_code=201)
def start_wall(
    wanted: NewWall, request: Request, response: Response, user: Starter, centre: CentreDep
) -> WallItem:
    """Make this browser a wall: it shows for weeks and can do nothing else.

    The log-in that it had ends, so that nobody finds it at an unwatched keyboard.
    """
    with centre.database.write() as session:
        service.log_out(session, session_token(request, centre))
        wall, token = walls.start(session, user, wanted.name.strip() or wanted.name, centre.clock())
        shown = WallItem.model_validate(wall)
    response.set_cookie(
        cookie_name(centre),
        token,
        max_age=int(walls.LONGEST.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=centre.settings.public_url.startswith("https://"),
    )
    return shown


@router.delete("/{wall_id}", status_code=204)
def end_wall(wall_id: int, user: Starter, centre: CentreDep) -> None:
    """End a wall; its screen asks for a log-in within half a minute."""
    with centre.database.write() as session:
        walls.end(session, user, wall_id, centre.clock())
