"""The console's hand-written types against the API: a field renamed on one side is found here."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from central.app import create_app
from central.settings import Settings

API = Path(__file__).parents[3] / "central" / "console" / "src" / "api"
PAIRS = {
    "IncidentItem": "IncidentItem",
    "IncidentDetail": "IncidentDetail",
    "Evidence": "EvidenceEntry",
    "IncidentEvent": "EventEntry",
    "SignalChange": "SignalChange",
    "RejectReason": "RejectReason",
    "CatalogueEntry": "RuleItem",
    "ModelRef": "ModelRef",
    "CameraItem": "CameraItem",
    "Box": "BoxItem",
    "BoxToken": "BoxToken",
    "ModelVersion": "ModelItem",
    "Me": "Me",
    "User": "UserItem",
    "OneTimePassword": "OneTimePassword",
    "WaysIn": "WaysIn",
    "Passkey": "PasskeyItem",
    "Passkeys": "PasskeyList",
    "PasskeyChallenge": "PasskeyChallenge",
    "NewPasskeyOptions": "NewPasskeyOptions",
    "QuarantineItem": "QuarantineItem",
    "MapConfig": "MapConfig",
    "IncidentPoint": "IncidentPoint",
    "AlertItem": "AlertItem",
    "AreaTree": "AreaNode",
    "ComponentItem": "ComponentItem",
    "IndicatorItem": "IndicatorItem",
    "IndicatorDetail": "IndicatorDetail",
    "IndicatorValue": "ValueOut",
    "Coverage": "Coverage",
    "TrendPoint": "PointOut",
    "AreaValue": "AreaValue",
    "ByArea": "ByArea",
    "IndicatorRecord": "RecordOut",
    "Feed": "FeedOut",
    "FeedSecret": "FeedSecret",
    "RejectedRow": "RejectedRow",
    "DeliveryResult": "DeliveryOut",
    "Delivery": "DeliveryItem",
    "DeliveryDetail": "DeliveryDetail",
    "Integrity": "Integrity",
    "Fault": "Fault",
    "Hold": "HoldItem",
    "Findings": "Findings",
    "Offence": "OffenceItem",
    "Deadline": "DeadlineItem",
    "Authority": "RouteItem",
    "Legal": "LegalView",
    "Requirement": "Requirement",
    "SavedFilter": "SavedFilter",
    "Chain": "ChainItem",
    "Alarm": "AlarmItem",
    "DeletionRecord": "DeletionItem",
    "Retention": "RetentionItem",
    "CentreLoss": "LossItem",
    "BoardAlert": "BoardAlert",
    "Board": "Board",
    "ReportAnswer": "ReportAnswer",
    "FieldReport": "FieldReport",
    "PushState": "PushState",
    "SortResult": "SortResult",
    "LearnedException": "LearnedException",
    "Share": "Share",
    "RulePrecision": "RulePrecision",
    "CameraPrecision": "CameraPrecision",
    "DayPrecision": "DayPrecision",
    "ReasonCount": "ReasonCount",
    "QualityReport": "QualityReport",
    "SampleWeek": "SampleWeek",
    "SampleItem": "SampleItem",
    "SecondLook": "SecondLook",
    "Wall": "WallItem",
}
"""Name in TypeScript → name of the schema."""
_INTERFACE = re.compile(r"export interface (\w+)(?: extends (\w+))? \{\n(.*?)\n\}", re.DOTALL)
_FIELD = re.compile(r"^  (\w+)\??:", re.MULTILINE)


@cache
def interfaces() -> dict[str, tuple[str, frozenset[str]]]:
    """Return every interface of the console's API: what it extends, and its own fields."""
    text = "\n".join(path.read_text() for path in sorted(API.glob("*.ts")))
    return {
        name: (parent, frozenset(_FIELD.findall(body)))
        for name, parent, body in _INTERFACE.findall(text)
    }


def fields_of(name: str) -> frozenset[str]:
    """Return all fields of an interface, inherited ones too."""
    parent, own = interfaces()[name]
    return own | fields_of(parent) if parent else own


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("openapi")
    document = create_app(Settings(data_dir=str(folder))).openapi()
    found: dict[str, Any] = document["components"]["schemas"]
    return found


@pytest.mark.parametrize(("interface", "schema"), PAIRS.items())
def test_the_console_reads_only_fields_that_the_api_sends(
    interface: str, schema: str, schemas: dict[str, Any]
) -> None:
    assert fields_of(interface) - set(schemas[schema]["properties"]) == set()


STATUSES = (
    "ReviewStatus",
    "Stage",
    "StepKind",
    "Role",
    "Severity",
    "IncidentClass",
    "RolloutPhase",
    "Quality",
    "Freshness",
)


@pytest.mark.parametrize("name", [*STATUSES, "Period", "Kind", "Origin", "AreaLevel"])
def test_the_console_knows_every_value_of_a_status(name: str, schemas: dict[str, Any]) -> None:
    text = "\n".join(path.read_text() for path in sorted(API.glob("*.ts")))
    written = re.search(rf"export type {name} =\s*([^\n]+(?:\n  \|[^\n]+)*)", text)
    assert written is not None
    assert set(re.findall(r"'(\w+)'", written.group(1))) == set(schemas[name]["enum"])


def test_every_pair_names_an_interface_that_exists() -> None:
    assert set(PAIRS) <= set(interfaces())
