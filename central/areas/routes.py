"""HTTP: the tree of areas and the search in it. Any user may read both."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from central.areas import repository
from central.areas.catalogue import AreaFacts
from central.areas.schemas import AreaMatch, AreaMatches, AreaNode, AreaOut
from central.areas.search import search
from central.auth.guard import Gate, Reach
from central.centre import CentreDep
from central.problems import Problem

router = APIRouter(
    prefix="/areas", tags=["areas"], dependencies=[Depends(Gate(Reach.SHARED, wall=True))]
)


@router.get("")
def read_tree(centre: CentreDep) -> AreaNode:
    """Return the province with its communes and wards."""
    with centre.database.read() as session:
        areas = repository.list_areas(session)
    if not areas:
        raise Problem(
            503, "areas_not_loaded", "Danh mục địa bàn chưa được nạp.", "Areas are not loaded yet."
        )
    province = AreaNode(**_out(areas[0]).model_dump())
    province.children = [
        AreaNode(**_out(area).model_dump()) for area in areas if area.parent_code == areas[0].code
    ]
    return province


@router.get("/search")
def find_areas(
    centre: CentreDep,
    q: Annotated[str, Query(max_length=100, title="Name, former name or code; accents optional")],
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> AreaMatches:
    """Return the areas that the text may mean, best first."""
    with centre.database.read() as session:
        matches = search(repository.list_areas(session), q, limit)
    return AreaMatches(
        items=[
            AreaMatch(**_out(match.area).model_dump(), former_unit=match.former_unit)
            for match in matches
        ]
    )


def _out(area: AreaFacts) -> AreaOut:
    """Return an area as JSON is made of it."""
    return AreaOut.model_validate(area)
