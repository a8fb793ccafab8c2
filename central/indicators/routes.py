"""HTTP: the nine tiles, indicators, their series, communes and records. Any user may read all."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from central.areas.catalogue import PROVINCE_CODE
from central.auth.guard import Gate, Reach
from central.auth.scope import scope_of
from central.auth.veil import veil_of
from central.centre import CentreDep
from central.indicators import records
from central.indicators.catalogue import Component, Indicator, load_catalogue
from central.indicators.periods import period_start
from central.indicators.schemas import (
    ByArea,
    ComponentList,
    IndicatorDetail,
    IndicatorList,
    RecordList,
)
from central.indicators.service import IndicatorView, Window
from central.problems import Problem
from central.tables.areas import AreaRow
from central.tables.users import UserRow

router = APIRouter(tags=["indicators"], dependencies=[Depends(Gate(Reach.SHARED, wall=True))])


def _component(code: str) -> Component:
    """Return the component called ``code``.

    Raises:
        Problem: 404, when there is none.
    """
    component = load_catalogue().find_component(code)
    if component is None:
        raise Problem(404, "unknown_component", "Không có hợp phần này.", "No such component.")
    return component


def _indicator(code: str) -> Indicator:
    """Return the indicator called ``code``.

    Raises:
        Problem: 404, when there is none.
    """
    indicator = load_catalogue().find(code)
    if indicator is None:
        raise Problem(404, "unknown_indicator", "Không có chỉ tiêu này.", "No such indicator.")
    return indicator


def _area(centre: CentreDep, area_code: str = PROVINCE_CODE) -> str:
    """Return the area that is asked for, by default the province.

    Raises:
        Problem: 404, when there is none.
    """
    with centre.database.read() as session:
        if session.get(AreaRow, area_code) is None:
            raise Problem(404, "unknown_area", "Không có địa bàn này.", "No such area.")
    return area_code


Viewer = Annotated[UserRow, Depends(Gate(Reach.AREA))]
AreaQuery = Annotated[str, Depends(_area)]


@router.get("/components")
def list_components(centre: CentreDep) -> ComponentList:
    """Return the nine components, each with its headline numbers for the province."""
    with centre.database.read() as session:
        return ComponentList(items=IndicatorView(session, centre.clock()).components())


@router.get("/components/{code}/indicators")
def list_indicators(centre: CentreDep, code: str, area_code: AreaQuery) -> IndicatorList:
    """Return a component's indicators; those without a value are there, as missing."""
    component = _component(code)
    with centre.database.read() as session:
        view = IndicatorView(session, centre.clock())
        return IndicatorList(items=view.items(component, area_code))


@router.get("/indicators/{code}")
def read_indicator(
    centre: CentreDep,
    code: str,
    area_code: AreaQuery,
    first: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    last: Annotated[AwareDatetime | None, Query(alias="to")] = None,
) -> IndicatorDetail:
    """Return one indicator with its series; by default the thirty periods up to the newest."""
    indicator = _indicator(code)
    with centre.database.read() as session:
        view = IndicatorView(session, centre.clock())
        return view.detail(indicator, area_code, Window(first, last))


@router.get("/indicators/{code}/by-area")
def read_by_area(centre: CentreDep, code: str, period_start: AwareDatetime | None = None) -> ByArea:
    """Return the values of all communes in one period; by default the newest with any value."""
    indicator = _indicator(code)
    start = None if period_start is None else _aligned(indicator, period_start)
    with centre.database.read() as session:
        return IndicatorView(session, centre.clock()).by_area(indicator, start)


@router.get("/indicators/{code}/records")
def read_records(
    centre: CentreDep,
    code: str,
    user: Viewer,
    area_code: AreaQuery,
    period_start: AwareDatetime,
    cursor: Annotated[int, Query(ge=0)] = 0,
) -> RecordList:
    """Return the records behind one number: deliveries with file and row, or incidents."""
    indicator = _indicator(code)
    if not scope_of(user).allows([area_code]):
        raise Problem(404, "unknown_area", "Không có địa bàn này.", "No such area.")
    with centre.database.read() as session:
        number = records.Number(
            indicator=indicator,
            area_code=area_code,
            start=_aligned(indicator, period_start),
            veil=veil_of(session, user),
            offset=cursor,
        )
        return records.behind(session, number)


def _aligned(indicator: Indicator, at: datetime) -> datetime:
    """Return the start of the indicator's period that contains ``at``."""
    return period_start(indicator.period, at)
