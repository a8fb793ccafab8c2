"""HTTP: what the console draws the map from. Its lines are for any user, its incidents by area.

Nothing needs the network.
"""

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response

from central.auth.guard import Gate, Reach
from central.auth.scope import scope_of
from central.auth.veil import veil_of
from central.centre import CentreDep
from central.map import files, points
from central.map.schemas import IncidentPoints, MapConfig, PointFilter
from central.problems import Problem
from central.tables.users import UserRow

router = APIRouter(
    prefix="/map", tags=["map"], dependencies=[Depends(Gate(Reach.SHARED, wall=True))]
)

BOUNDS = (103.85, 18.5, 105.85, 20.05)
"""The province and a narrow margin; west, south, east, north. Source: the fetched outline."""
CENTRE = (104.95, 19.23)
BOUNDARY_CREDIT = "thanglequoc/vietnamese-provinces-database (MIT)"
FAST = 1
"""Level of gzip for what is made anew each time: ten times smaller for little work."""

AcceptEncoding = Annotated[str, Header(alias="Accept-Encoding")]
IfNoneMatch = Annotated[str, Header(alias="If-None-Match")]
Searcher = Annotated[UserRow, Depends(Gate(Reach.AREA, record="search", wall=True))]


@router.get("/config")
def read_config(centre: CentreDep) -> MapConfig:
    """Return the bounds, the tile source if one is configured, and what is there to draw."""
    settings = centre.settings
    communes = files.find_boundaries(settings.geo_dir, files.COMMUNES) is not None
    province = files.find_boundaries(settings.geo_dir, files.PROVINCE) is not None
    credits_ = [settings.tile_attribution if settings.tile_url else ""]
    credits_ += [BOUNDARY_CREDIT if communes or province else ""]
    return MapConfig(
        bounds=BOUNDS,
        centre=CENTRE,
        tile_url=settings.tile_url or None,
        attribution=" · ".join(filter(None, credits_)),
        communes_available=communes,
        province_available=province,
    )


@router.get("/incidents", response_model=IncidentPoints)
def list_points(
    wanted: Annotated[PointFilter, Query()],
    user: Searcher,
    centre: CentreDep,
    accept: AcceptEncoding = "",
) -> Response:
    """Return the newest incidents of one's areas as points; ``total`` says when it is cut."""
    since = centre.clock() - timedelta(hours=wanted.hours)
    with centre.database.read() as session:
        veil = veil_of(session, user)
        found = points.find(session, scope_of(user), veil, since, done=wanted.done)
    body = found.model_dump_json().encode()
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if "gzip" in accept:
        body = gzip.compress(body, FAST)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)


@router.get("/communes.geojson", response_class=Response)
def read_communes(
    centre: CentreDep, accept: AcceptEncoding = "", known: IfNoneMatch = ""
) -> Response:
    """Return the boundaries of the communes; 404 when they have not been fetched."""
    path = files.find_boundaries(centre.settings.geo_dir, files.COMMUNES)
    if path is None:
        raise Problem(
            404,
            "boundaries_absent",
            "Chưa có ranh giới xã, phường; bản đồ dùng điểm. Chạy scripts/fetch_assets.",
            "Commune boundaries are not there; the map uses points. Run scripts/fetch_assets.",
        )
    return _answer(path, accept, known)


@router.get("/province.geojson", response_class=Response)
def read_province(
    centre: CentreDep, accept: AcceptEncoding = "", known: IfNoneMatch = ""
) -> Response:
    """Return the outline of the province; our own coarse one when no better was fetched."""
    path = files.find_boundaries(centre.settings.geo_dir, files.PROVINCE)
    return _answer(path or files.OUTLINE, accept, known)


@router.get("/roads.geojson", response_class=Response)
def read_roads(accept: AcceptEncoding = "", known: IfNoneMatch = "") -> Response:
    """Return the main roads, drawn by hand and coarse: for orientation only."""
    return _answer(files.ROADS, accept, known)


def _answer(path: Path, accept: str, known: str) -> Response:
    """Return a file, compressed where the browser takes it, or 304 when it has it already."""
    file = files.load(path)
    headers = {"ETag": file.tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if file.tag in [tag.strip() for tag in known.split(",")]:
        return Response(status_code=304, headers=headers)
    packed = "gzip" in accept
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(
        file.packed if packed else file.plain, media_type="application/geo+json", headers=headers
    )
