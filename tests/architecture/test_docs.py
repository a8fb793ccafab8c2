"""Documentation in step with code: what exists has its heading, what is written exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from central.metrics import Metrics
from central.settings import PREFIX, Settings
from edge.alarms import ALARMS
from edge.contract.catalogue import CATALOGUE
from edge.contract.topics import RETAINED, Channel
from edge.counters import COUNTERS
from edge.rules import build_rules  # noqa: F401 - the table of rules must import cleanly

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(p for top in ("edge", "central") for p in (ROOT / top).glob("*.md"))]
)
EDGE_PATH_LIMIT = 1900
CENTRE_PATH_LIMIT = 1250


def text(page: str) -> str:
    """Return a page of documentation."""
    return (ROOT / page).read_text()


def reading_path(page: str) -> list[str]:
    """Return the files of a reading path: the numbered list under that heading, in order."""
    section = text(page).split("## Reading path", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\d+\. `([^`]+)`", section, re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "limit"),
    [("edge/README.md", EDGE_PATH_LIMIT), ("central/README.md", CENTRE_PATH_LIMIT)],
)
def test_the_reading_path_can_be_read_in_one_sitting(page: str, limit: int) -> None:
    files = reading_path(page)
    lines = {name: len((ROOT / name).read_text().splitlines()) for name in files}

    assert len(files) >= 5
    assert sum(lines.values()) <= limit, lines


def test_every_counter_of_a_box_is_explained() -> None:
    assert [name for name in COUNTERS if f"`{name}`" not in text("edge/README.md")] == []


def test_every_alarm_of_a_box_is_explained() -> None:
    page = text("edge/README.md")

    assert [f"{c} {t}" for c, t in ALARMS.items() if f"| `{c}` | {t} |" not in page] == []


def test_every_setting_and_number_of_the_centre_is_explained() -> None:
    page = text("central/README.md")
    settings = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    numbers = [family.name for family in Metrics().registry.collect()]

    assert [name for name in settings if f"`{name}`" not in page] == []
    assert [name for name in numbers if f"`{name}`" not in page] == []


def test_every_topic_stands_in_the_architecture() -> None:
    page = text("ARCHITECTURE.md")
    for channel in Channel:
        row = re.search(rf"^\| `{channel}` \|[^|]*\| (yes|no) \|", page, re.MULTILINE)

        assert row is not None, channel
        assert (row[1] == "yes") == (channel in RETAINED), channel


def test_every_rule_has_its_file_its_quality_and_its_stories() -> None:
    quality = yaml.safe_load(text("edge/rules/quality.yaml"))
    for rule in CATALOGUE:
        assert (ROOT / f"edge/rules/{rule}.py").is_file(), rule
        assert rule in quality, rule
        assert list((ROOT / "tests/scenarios" / rule).glob("*.yaml")), rule


def test_a_measured_figure_names_a_file_that_exists() -> None:
    quality = yaml.safe_load(text("edge/rules/quality.yaml"))
    named = [re.findall(r"[\w/.-]+\.(?:py|json|yaml)", yaml.safe_dump(e)) for e in quality.values()]
    files = {name for names in named for name in names if "/" in name}

    assert files
    assert [name for name in sorted(files) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    local = [target for target in targets if "://" not in target]

    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_scripts_named_on_a_page_exist(page: Path) -> None:
    named = set(re.findall(r"\bscripts/(\w+)", page.read_text()))

    assert [name for name in sorted(named) if not (ROOT / "scripts" / name).exists()] == []


def test_the_readme_gives_the_two_commands_that_do_all_the_setup() -> None:
    page = text("README.md")

    assert re.search(r"^scripts/demo$", page, re.MULTILINE)
    assert re.search(r"^scripts/test$", page, re.MULTILINE)


def test_every_test_that_security_relies_on_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", text("SECURITY.md")))
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"^def (test_\w+)\(", sources, re.MULTILINE))

    assert len(named) >= 60
    assert sorted(named - defined) == []


def test_security_speaks_of_every_chapter_of_the_standard() -> None:
    chapters = {int(number) for number in re.findall(r"\bV(\d+)\b", text("SECURITY.md"))}

    assert chapters == set(range(1, 18))


def test_the_table_of_rendered_films_is_that_of_the_last_run() -> None:
    told = json.loads(text("tests/accuracy/rendered.json"))
    boxes, pixels = told["boxes"], told["pixels"]
    cells = {
        rule: (of["events"], of["found"], pixels[rule]["found"], of["false"], pixels[rule]["false"])
        for rule, of in boxes.items()
    }
    page = text("edge/simulation/README.md")

    assert told["model"] in page
    for rule, row in cells.items():
        assert f"| `{rule}` | {' | '.join(map(str, row))} |" in page
