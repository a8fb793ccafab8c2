"""The fault matrix: what was broken on purpose, what it cost, and how long it took to heal.

A case is a test in ``tests/faults`` marked ``@pytest.mark.fault(AREA)`` that asks for the fixture
``fault_case``, says through it what it injected, what was lost (counted, never typed in) and how
long recovery took. Each passing case becomes a row; rows are kept in pytest's cache, so that
a part run again renews its own rows only, and printed when the run ends.

``scripts/fault_table`` (``python -m tests.fault_matrix``) writes the rows into the README.

A case that measured no loss, or that names no counter for one, fails: nothing is lost silently.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
CACHE_FILE = ".pytest_cache/d/fault-rows.json"
BEGIN, END = "<!-- fault matrix: begin -->", "<!-- fault matrix: end -->"
AREAS = (
    *("camera", "broker", "centre", "database", "disk"),
    *("clock", "network", "power", "process", "model"),
)
COMMAND = "pytest -n 2 --dist loadfile tests/faults"
PASSED = pytest.StashKey[bool]()
PROPERTY = "fault_row"


@dataclass(frozen=True, slots=True)
class Row:
    """One case as it went.

    Attributes:
        nodeid: The test.
        area: What was broken; one of ``AREAS``.
        injected: What was done to it.
        lost: What was lost, in words made from counts.
        recovery_s: Seconds until all was well again; None when service was never interrupted.
    """

    nodeid: str
    area: str
    injected: str
    lost: str
    recovery_s: float | None

    @property
    def name(self) -> str:
        """Return the sentence that names the case."""
        return case_name(self.nodeid)

    def cells(self) -> tuple[str, str, str, str, str]:
        """Return the row as it is shown."""
        back = "not interrupted" if self.recovery_s is None else f"{self.recovery_s:.1f} s"
        return self.area, self.name, self.injected, self.lost, back


@dataclass
class FaultCase:
    """What one test tells of the fault that it injects."""

    nodeid: str
    area: str
    _injected: str = ""
    _lost: list[str] = field(default_factory=list)
    _recovery_s: float | None = None
    _is_timed: bool = False

    def injected(self, what: str) -> None:
        """Say in a few words what was done to which part."""
        self._injected = what

    def lost(self, what: str, count: int, *, of: int, named_by: str = "") -> None:
        """Say how many things of one kind were lost, as counted by the test.

        Args:
            what: The things: "incidents", "evidence files", "frames".
            count: How many are gone for good.
            of: How many there were.
            named_by: Counter, alarm or field that tells of the loss; needed when there is one.
        """
        assert of > 0, f"{what}: nothing was at stake, so nothing was shown"
        assert 0 <= count <= of, f"{what}: {count} of {of} cannot be"
        assert count == 0 or named_by, f"{count} of {of} {what} lost silently"
        told = f", told by `{named_by}`" if count else ""
        self._lost.append(f"{count} of {of} {what}{told}")

    @contextmanager
    def recovering(self) -> Iterator[None]:
        """Measure a block that begins when the fault ends and ends when all is well again."""
        began_s = time.monotonic()
        yield
        self.recovered_in(time.monotonic() - began_s)

    def recovered_in(self, seconds: float) -> None:
        """Say how long recovery took, where a block cannot measure it; the longest counts."""
        self._recovery_s = max(seconds, self._recovery_s or 0.0)
        self._is_timed = True

    def not_interrupted(self) -> None:
        """Say that what the test asserts held throughout: there was nothing to recover from."""
        self._is_timed = True

    def row(self) -> Row:
        """Return the finished row.

        Raises:
            AssertionError: The test did not say everything.
        """
        assert self._injected, "the case does not say what it injected"
        assert self._lost, "the case did not count what was lost"
        assert self._is_timed, "the case measured no recovery, nor said that none was needed"
        lost = "; ".join(self._lost)
        return Row(self.nodeid, self.area, self._injected, lost, self._recovery_s)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether a test has passed, for the fixtures that end after it."""
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture
def fault_case(request: pytest.FixtureRequest) -> Iterator[FaultCase]:
    """Yield what a case tells its fault to; checked when the test has passed."""
    mark = request.node.get_closest_marker("fault")
    assert mark is not None, "a case is marked with @pytest.mark.fault(AREA)"
    assert mark.args[0] in AREAS, f"{mark.args[0]!r} is none of {', '.join(AREAS)}"
    case = FaultCase(request.node.nodeid, mark.args[0])
    yield case
    if request.node.stash.get(PASSED, False):  # not failed, nor skipped for want of footage
        request.node.user_properties.append((PROPERTY, asdict(case.row())))


class Matrix:
    """Collects the rows of a run, also from the processes of pytest-xdist."""

    def __init__(self, config: pytest.Config) -> None:
        """Start with no rows."""
        self._config = config
        self._rows: dict[str, Row] = {}
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the row of a test that has passed to its end."""
        if report.failed:
            self._failed.add(report.nodeid)
            self._rows.pop(report.nodeid, None)
        rows = [value for name, value in report.user_properties if name == PROPERTY]
        if report.when == "teardown" and rows and report.nodeid not in self._failed:
            self._rows[report.nodeid] = Row(**rows[0])  # type: ignore[arg-type]  # our own asdict

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the rows of this run and keep them for the table."""
        if not self._rows and not self._failed:
            return
        path = self._config.rootpath / CACHE_FILE
        known = read_rows(path)
        kept = {key: row for key, row in known.items() if key not in self._failed} | self._rows
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([asdict(row) for row in kept.values()], ensure_ascii=False))
        if not self._rows:
            return
        terminalreporter.section(f"fault matrix: {len(self._rows)} cases")
        for row in in_order(self._rows.values()):
            area, name, injected, lost, back = row.cells()
            terminalreporter.write_line(f"{area:9} {name}")
            terminalreporter.write_line(f"          {injected} → lost {lost}; back: {back}")


def pytest_configure(config: pytest.Config) -> None:
    """Collect rows where results come together, which is not in a worker of pytest-xdist."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Matrix(config), "fault-matrix")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a case that would leave no row.

    Raises:
        pytest.UsageError: A marked test does not use the fixture.
    """
    for item in items:
        marked = item.get_closest_marker("fault") is not None
        if marked and "fault_case" not in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(f"{item.nodeid}: marked as a fault, but asks for no fault_case")


def case_name(nodeid: str) -> str:
    """Return the sentence of a test id: ``…::test_a_b[c]`` → ``a b (c)``."""
    function = nodeid.rpartition("::")[2].removeprefix("test_")
    name, _, given = function.partition("[")
    return name.replace("_", " ") + (f" ({given.rstrip(']')})" if given else "")


def in_order(rows: Any) -> list[Row]:
    """Return rows by area, then by test."""
    return sorted(rows, key=lambda row: (AREAS.index(row.area), row.nodeid))


def read_rows(path: Path) -> dict[str, Row]:
    """Return the rows kept by earlier runs by test id; none when there was no run."""
    if not path.exists():
        return {}
    return {given["nodeid"]: Row(**given) for given in json.loads(path.read_text("utf-8"))}


def collected() -> list[str]:
    """Return the test ids of all cases, collected without running them.

    Raises:
        RuntimeError: The tests cannot be collected; with pytest's words.
    """
    options = ["--collect-only", "-q", "-m", "fault", "-p", "no:cacheprovider", "tests/faults"]
    found = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        raise RuntimeError(found.stdout + found.stderr)
    return [line for line in found.stdout.splitlines() if "::" in line]


def names_in(page: str) -> list[str]:
    """Return the names of the cases that a page's table lists."""
    lines = page.partition(BEGIN)[2].partition(END)[0].splitlines()
    cells = [line.split("|") for line in lines if line.startswith("| ")]
    return [row[2].strip() for row in cells[1:]]


def table(rows: list[Row], on: str) -> str:
    """Return the rows as Markdown with the day and the command."""
    lost = sum(not re.search(r"\b[1-9]\d* of ", row.lost) for row in rows)
    lines = [
        f"{len(rows)} cases on {on}, {lost} of them without any loss; a loss names its witness.",
        f"`{COMMAND}` runs them, `scripts/fault_table` writes this table.",
        "",
        "<details>",
        f"<summary>{_counts(rows)}</summary>",
        "",
        "| area | case | injected | lost | back in |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(row.cells())} |" for row in in_order(rows)]
    return "\n".join([*lines, "", "</details>"])


def _counts(rows: list[Row]) -> str:
    """Return how many cases each area has."""
    counts = Counter(row.area for row in rows)
    return ", ".join(f"{area} {counts[area]}" for area in AREAS if area in counts)


def main() -> int:
    """Write the rows of the last runs into the README; return the exit code."""
    rows, cases = read_rows(ROOT / CACHE_FILE), collected()
    if missing := [case for case in cases if case not in rows]:
        sys.stderr.write("no row yet, run these first:\n" + "\n".join(missing) + "\n")
        return 1
    page = README.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    new = table([rows[case] for case in cases], datetime.now(UTC).date().isoformat())
    README.write_text(f"{before}{BEGIN}\n{new}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    sys.stdout.write(f"README.md: {len(cases)} cases\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
