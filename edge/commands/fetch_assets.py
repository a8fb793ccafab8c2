"""``fetch_assets``: bring models, clips and the map to ``.cache``, each exactly the file meant.

Invariants:
    * A file under the destination is whole and has the listed SHA-256, or is not there: it is
      written beside its place, checked, and moved. A broken download is resumed next time.
    * Nothing is fetched twice, nothing that is listed without an upstream address is invented.
    * What could not be had is told at the end with the way to place it by hand; exit code 1.
    * A host that cannot be reached is asked once, for a few seconds: without a network the command
      ends soon, whatever the lists hold.

Files come from ``$SONGLAM_ASSETS`` (default ``../shared/assets`` when it exists), else from the
upstream address in ``models/registry.yaml`` and ``configs/demo/assets.yaml``. This module knows
nothing of what the files are for.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import httpx
import yaml
from pydantic import Field, ValidationError

from edge.config.camera import Strict
from edge.contract.messages import Sha256
from edge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
LISTS = (ROOT / "models/registry.yaml", ROOT / "configs/demo/assets.yaml")
GROUPS = ("models", "clips", "geo")
FOLDERS = {"models": "models", "clips": "video", "geo": "geo"}
CHUNK_BYTES = 1 << 18
TIMEOUT_S, CONNECT_S = 30.0, 4.0
EXIT_INCOMPLETE, EXIT_CONFIG = 1, 2


class Asset(Strict):
    """One file that is not in the repository, or one of ours that is (``committed``)."""

    file: str = Field(pattern=r"^[\w][\w.-]*$", title="File name, the same here and upstream of us")
    sha256: Sha256
    size_bytes: int = Field(gt=0)
    licence: str = Field(title="Licence as its owner states it; 'none stated' where there is none")
    upstream: str | None = Field(default=None, pattern=r"^https://", title="Official address")
    repository: str = Field(default="", title="Where it comes from when no address is certain")
    show: bool = Field(default=False, title="May frames of it be published")
    credit: str = Field(default="", title="Words to print where it is shown")
    use: Literal["default", "supported", "comparison"] = "default"
    manifest: str = Field(default="", title="Models: the manifest that describes the file")
    committed: str = Field(default="", title="Path in the repository: verified, never fetched")
    note: str = ""


class AssetLists(Strict):
    """Both lists together."""

    models: tuple[Asset, ...] = ()
    clips: tuple[Asset, ...] = ()
    geo: tuple[Asset, ...] = ()


class MissingAssetError(Exception):
    """One file cannot be had; says why."""


class Upstreams(httpx.Client):
    """A client that remembers which hosts cannot be reached."""

    def __init__(self) -> None:
        super().__init__(timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_S), follow_redirects=True)
        self._silent: dict[str, str] = {}
        """Host → why; as many as the lists name."""

    def send(self, request: httpx.Request, **given: Any) -> httpx.Response:
        """Send a request, unless its host could not be reached a moment ago.

        Raises:
            httpx.ConnectError: It cannot be reached.
        """
        host = request.url.host
        if host in self._silent:
            raise httpx.ConnectError(f"{self._silent[host]} (not asked again)", request=request)
        try:
            return super().send(request, **given)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            self._silent[host] = str(error)
            raise


class Bar:
    """Progress of one file on stderr: a moving line on a terminal, one plain line elsewhere."""

    def __init__(self, label: str, total_bytes: int, stream: IO[str]) -> None:
        self._label, self._total, self._stream = label, total_bytes, stream
        self._live = stream.isatty()
        self._told_s = 0.0

    def show(self, done_bytes: int, now_s: float) -> None:
        """Redraw at most ten times a second."""
        if self._live and now_s - self._told_s >= 0.1:  # noqa: PLR2004 - eyes see no faster
            self._told_s = now_s
            filled = 24 * done_bytes // max(self._total, 1)
            bar = "█" * filled + "·" * (24 - filled)
            megabytes = f"{done_bytes / 1e6:.1f}/{self._total / 1e6:.1f} MB"
            self._stream.write(f"\r  {self._label:<40} {bar} {megabytes}")
            self._stream.flush()

    def end(self, outcome: str) -> None:
        """Leave one line that stays."""
        start, wipe = ("\r", "\x1b[K") if self._live else ("", "")
        self._stream.write(f"{start}  {self._label:<40} {outcome}{wipe}\n")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``fetch_assets`` to the commands."""
    parser = subparsers.add_parser("fetch_assets", help="fetch models, clips and the map")
    add_arguments(parser)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.description = (
        "Fetch models, demonstration clips and the map into DEST, verified by SHA-256. Taken from "
        "$SONGLAM_ASSETS (default ../shared/assets when it exists), else from upstream."
    )
    parser.epilog = "exit codes: 0 all there; 1 something could not be had; 2 a list is wrong"
    parser.add_argument("--only", choices=GROUPS, action="append", help="one group (repeatable)")
    parser.add_argument("--dest", type=Path, default=ROOT / ".cache", help="default: .cache")
    parser.add_argument(
        "--all", action="store_true", help="models for comparison too, which are never deployed"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Fetch what is missing; return the exit code."""
    try:
        lists = load_lists(LISTS)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIG
    local = local_assets()
    sys.stderr.write(f"assets into {args.dest}" + (f" from {local}\n" if local else "\n"))
    missing = []
    with Upstreams() as client:
        for group, asset in chosen(lists, args.only or GROUPS, everything=args.all):
            place = Path(FOLDERS[group]) / asset.file
            bar = Bar(str(place), asset.size_bytes, sys.stderr)
            try:
                if asset.committed:
                    bar.end(verify_committed(asset, ROOT))
                    continue
                bar.end(fetch(asset, args.dest / place, local and local / place, client, bar))
            except MissingAssetError as error:
                bar.end("MISSING")
                missing.append(f"  {args.dest / place}: {error}")
    if missing:
        sys.stderr.write(
            "\nCould not be had; place by hand, or set SONGLAM_ASSETS to a folder that holds them, "
            "and run again:\n" + "\n".join(missing) + "\n"
        )
    return EXIT_INCOMPLETE if missing else 0


def load_lists(paths: tuple[Path, ...]) -> AssetLists:
    """Read the lists.

    Raises:
        ConfigError: A list is missing or wrong; says where.
    """
    merged: dict[str, object] = {}
    for path in paths:
        try:
            merged |= yaml.safe_load(path.read_text("utf-8"))
        except (OSError, yaml.YAMLError, TypeError) as error:
            raise ConfigError([f"{path}: cannot read the list of assets: {error}"]) from error
    try:
        return AssetLists.model_validate(merged)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ConfigError(problems) from error


def local_assets() -> Path | None:
    """Return the folder that may already hold the files."""
    named = os.environ.get("SONGLAM_ASSETS")
    if named:
        return Path(named)
    beside = ROOT.parent / "shared/assets"
    return beside if beside.is_dir() else None


def chosen(
    lists: AssetLists, groups: tuple[str, ...] | list[str], *, everything: bool
) -> Iterator[tuple[str, Asset]]:
    """Yield (group, asset) of what is asked for."""
    for group in groups:
        assets: tuple[Asset, ...] = getattr(lists, group)
        for asset in assets:
            if everything or asset.use != "comparison":
                yield group, asset


def fetch(asset: Asset, place: Path, local: Path | None, client: httpx.Client, bar: Bar) -> str:
    """Make sure the file is in its place; return how it came there.

    Raises:
        MissingAssetError: It is nowhere, or what is there is another file.
    """
    if place.is_file() and is_asset(place, asset):
        return "ok"
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(place.name + ".part")
    if local is not None and local.is_file():
        copy(local, part, bar)
        outcome = "copied"
    elif asset.upstream is not None:
        download(asset, part, client, bar)
        outcome = "downloaded"
    else:
        origin = f" ({asset.repository})" if asset.repository else ""
        raise MissingAssetError(f"no certain address is known{origin}; SHA-256 {asset.sha256}")
    if not is_asset(part, asset):
        part.unlink()
        raise MissingAssetError(
            f"what came from {local if outcome == 'copied' else asset.upstream} is another file "
            f"than the listed SHA-256 {asset.sha256}"
        )
    part.replace(place)
    return outcome


def verify_committed(asset: Asset, root: Path) -> str:
    """Make sure that a file of the repository is the listed one; nothing is fetched.

    Raises:
        MissingAssetError: It is not there, or was altered.
    """
    path = root / asset.committed
    if not path.is_file() or not is_asset(path, asset):
        raise MissingAssetError(f"{asset.committed} is not as committed: git checkout it")
    return "in the repository"


def is_asset(path: Path, asset: Asset) -> bool:
    """Say whether a file has the listed size and hash."""
    if path.stat().st_size != asset.size_bytes:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == asset.sha256


def copy(source: Path, part: Path, bar: Bar) -> None:
    """Copy a local file beside its place.

    Raises:
        MissingAssetError: It cannot be read or written.
    """
    try:
        with source.open("rb") as reading, part.open("wb") as writing:
            while chunk := reading.read(CHUNK_BYTES):
                writing.write(chunk)
                bar.show(writing.tell(), time.monotonic())
            os.fsync(writing.fileno())
    except OSError as error:
        raise MissingAssetError(f"cannot copy {source}: {error.strerror}") from error


def download(asset: Asset, part: Path, client: httpx.Client, bar: Bar) -> None:
    """Download beside the place, going on where an earlier attempt broke off.

    Raises:
        MissingAssetError: The address does not answer, refuses, or is cut off.
    """
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if 0 < have < asset.size_bytes else {}
    try:
        with client.stream("GET", str(asset.upstream), headers=headers) as answer:
            answer.raise_for_status()
            resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
            with part.open("ab" if resumed else "wb") as writing:
                for chunk in answer.iter_bytes(CHUNK_BYTES):
                    writing.write(chunk)
                    if writing.tell() > asset.size_bytes:
                        break
                    bar.show(writing.tell(), time.monotonic())
                os.fsync(writing.fileno())
    except (httpx.HTTPError, OSError) as error:
        raise MissingAssetError(f"{asset.upstream}: {type(error).__name__}: {error}") from error
    if part.stat().st_size < asset.size_bytes:
        raise MissingAssetError(f"{asset.upstream}: cut off; run again to go on")


def main() -> int:
    """Run as a program of its own: set-up needs it before anything else."""
    parser = argparse.ArgumentParser(prog="scripts/fetch_assets")
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
