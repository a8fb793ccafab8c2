"""HTTP routes of the filters that a person keeps for the queue."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field
from sqlalchemy import select

from central.asked import Asked
from central.auth.guard import Gate, Reach
from central.centre import CentreDep
from central.problems import Problem
from central.tables.users import SavedFilterRow, UserRow

router = APIRouter(prefix="/saved-filters", tags=["incidents"])
Owner = Annotated[UserRow, Depends(Gate(Reach.OWN))]
Name = Annotated[str, Path(min_length=1, max_length=60)]
MOST = 30
"""Filters that one person may keep; more are not found again in a list."""


class FilterQuery(Asked):
    """What a saved filter stands for."""

    query: str = Field(max_length=500, description="As in the address bar, without ``?``")


class SavedFilter(FilterQuery):
    """A filter under the name that its owner gave it."""

    name: str


class SavedFilterList(BaseModel):
    """All filters of one person, by name."""

    items: list[SavedFilter]
    next_cursor: str | None = None


@router.get("")
def list_filters(user: Owner, centre: CentreDep) -> SavedFilterList:
    """List one's own filters."""
    own = select(SavedFilterRow).where(SavedFilterRow.username == user.username)
    with centre.database.read() as session:
        rows = session.scalars(own.order_by(SavedFilterRow.name)).all()
    return SavedFilterList(items=[SavedFilter(name=row.name, query=row.query) for row in rows])


@router.put("/{name}")
def save_filter(name: Name, wanted: FilterQuery, user: Owner, centre: CentreDep) -> SavedFilter:
    """Keep a filter under a name; one of that name is replaced."""
    with centre.database.write() as session:
        own = select(SavedFilterRow.name).where(SavedFilterRow.username == user.username)
        names = set(session.scalars(own))
        if name not in names and len(names) >= MOST:
            raise Problem(
                409,
                "too_many",
                f"Đã có {MOST} bộ lọc. Hãy xóa bớt.",
                f"There are {MOST} filters already. Remove one first.",
            )
        session.merge(SavedFilterRow(username=user.username, name=name, query=wanted.query))
    return SavedFilter(name=name, query=wanted.query)


@router.delete("/{name}", status_code=204)
def forget_filter(name: Name, user: Owner, centre: CentreDep) -> None:
    """Forget one of one's own filters; one that is not there is forgotten already."""
    with centre.database.write() as session:
        row = session.get(SavedFilterRow, (user.username, name))
        if row is not None:
            session.delete(row)
