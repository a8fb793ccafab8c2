"""Fetching assets: from a folder or from upstream, whole and verified or not at all."""

from __future__ import annotations

import argparse
import hashlib
import io
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from edge.commands import fetch_assets
from edge.commands.fetch_assets import (
    Asset,
    AssetLists,
    Bar,
    MissingAssetError,
    Upstreams,
    chosen,
    fetch,
    load_lists,
    verify_committed,
)
from edge.detector.manifest import load_manifest
from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = bytes(range(256)) * 4_000
ADDRESS = "https://upstream.example/clip.mp4"


def asset(content: bytes = CONTENT, upstream: str | None = ADDRESS) -> Asset:
    """Return the entry of a file with this content."""
    return Asset(
        file="clip.mp4",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        licence="MIT",
        upstream=upstream,
        repository="https://upstream.example/owner",
    )


class Upstream:
    """A server that knows ranges, serves ``content`` and may break off."""

    def __init__(self, content: bytes = CONTENT, cut_after: int | None = None) -> None:
        self.content, self.cut_after = content, cut_after
        self.asked: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        body = self.content[start : self.cut_after]
        return httpx.Response(206 if wanted else 200, content=body)

    def client(self) -> httpx.Client:
        """Return a client that talks to nobody else."""
        return httpx.Client(transport=httpx.MockTransport(self))


def got(
    entry: Asset, place: Path, local: Path | None = None, upstream: Upstream | None = None
) -> str:
    """Fetch one file; return how it came."""
    bar = Bar("clip.mp4", entry.size_bytes, io.StringIO())
    with (upstream or Upstream()).client() as client:
        return fetch(entry, place, local, client, bar)


def test_a_file_in_the_assets_folder_is_copied_and_checked(tmp_path: Path) -> None:
    (tmp_path / "here.mp4").write_bytes(CONTENT)
    place = tmp_path / "cache/video/clip.mp4"

    assert got(asset(), place, tmp_path / "here.mp4") == "copied"
    assert place.read_bytes() == CONTENT
    assert [path.name for path in place.parent.iterdir()] == ["clip.mp4"]


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    place = tmp_path / "clip.mp4"
    place.write_bytes(CONTENT)
    upstream = Upstream()

    assert got(asset(), place, None, upstream) == "ok"
    assert upstream.asked == []


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    place = tmp_path / "clip.mp4"
    place.write_bytes(CONTENT[::-1])

    assert got(asset(), place) == "downloaded"
    assert place.read_bytes() == CONTENT


def test_without_the_folder_it_comes_from_upstream(tmp_path: Path) -> None:
    place = tmp_path / "clip.mp4"

    assert got(asset(), place, tmp_path / "not-there.mp4") == "downloaded"
    assert place.read_bytes() == CONTENT


def test_a_download_that_broke_off_is_resumed_where_it_stopped(tmp_path: Path) -> None:
    place = tmp_path / "clip.mp4"
    with pytest.raises(MissingAssetError, match="cut off; run again"):
        got(asset(), place, None, Upstream(cut_after=300_000))
    assert not place.exists()

    upstream = Upstream()
    assert got(asset(), place, None, upstream) == "downloaded"

    assert upstream.asked == ["bytes=300000-"]
    assert place.read_bytes() == CONTENT


def test_an_upstream_that_knows_no_ranges_starts_over(tmp_path: Path) -> None:
    place = tmp_path / "clip.mp4"
    place.with_name("clip.mp4.part").write_bytes(b"x" * 1000)
    whole = httpx.MockTransport(lambda _: httpx.Response(200, content=CONTENT))

    with httpx.Client(transport=whole) as client:
        fetch(asset(), place, None, client, Bar("", 1, io.StringIO()))

    assert place.read_bytes() == CONTENT


@pytest.mark.parametrize("wrong", [CONTENT[::-1], CONTENT + b"more", b"<html>sign in</html>"])
def test_another_file_than_the_listed_one_never_takes_its_place(
    tmp_path: Path, wrong: bytes
) -> None:
    place = tmp_path / "clip.mp4"

    with pytest.raises(MissingAssetError):
        got(asset(), place, None, Upstream(content=wrong))
    assert not place.exists()


def test_a_wrong_local_file_is_told_with_both_names(tmp_path: Path) -> None:
    (tmp_path / "here.mp4").write_bytes(b"another")

    with pytest.raises(MissingAssetError, match=r"here\.mp4 is another file than the listed"):
        got(asset(), tmp_path / "clip.mp4", tmp_path / "here.mp4")
    assert not (tmp_path / "clip.mp4.part").exists()


def test_a_refusal_and_a_dead_line_say_the_address(tmp_path: Path) -> None:
    def dead(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    for answer in (lambda _: httpx.Response(404), dead):
        with (
            httpx.Client(transport=httpx.MockTransport(answer)) as client,
            pytest.raises(MissingAssetError, match=r"https://upstream\.example/clip\.mp4: "),
        ):
            fetch(asset(), tmp_path / "clip.mp4", None, client, Bar("", 1, io.StringIO()))


def test_a_file_without_an_address_says_where_it_is_from(tmp_path: Path) -> None:
    with pytest.raises(MissingAssetError, match=r"no certain address .*example/owner.*SHA-256"):
        got(asset(upstream=None), tmp_path / "clip.mp4")


def test_models_for_comparison_are_fetched_only_when_asked_for() -> None:
    fields = asset().model_dump()
    lists = AssetLists(models=(asset(), Asset(**(fields | {"use": "comparison"}))))

    assert len(list(chosen(lists, ("models",), everything=False))) == 1
    assert len(list(chosen(lists, ("models",), everything=True))) == 2
    assert list(chosen(lists, ("clips", "geo"), everything=True)) == []


def test_the_bar_moves_on_a_terminal_and_is_one_line_elsewhere() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    plain, terminal = io.StringIO(), Terminal()
    for stream in (plain, terminal):
        bar = Bar("clip.mp4", 2_000_000, stream)
        bar.show(1_000_000, 1.0)
        bar.show(1_100_000, 1.05)
        bar.end("copied")

    assert plain.getvalue().split() == ["clip.mp4", "copied"]
    assert terminal.getvalue().count("1.0/2.0 MB") == 1
    assert terminal.getvalue().count("\r") == 2


def test_a_file_of_the_repository_is_verified_and_never_fetched(tmp_path: Path) -> None:
    ours = asset(upstream=None).model_copy(update={"committed": "weights/ours.onnx"})
    path = tmp_path / ours.committed
    path.parent.mkdir()
    with pytest.raises(MissingAssetError, match="git checkout"):
        verify_committed(ours, tmp_path)
    path.write_bytes(CONTENT)
    assert verify_committed(ours, tmp_path) == "in the repository"
    path.write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(MissingAssetError, match="git checkout"):
        verify_committed(ours, tmp_path)


def test_the_repositorys_own_lists_are_valid_and_fit_the_manifests() -> None:
    lists = load_lists(fetch_assets.LISTS)
    names = [a.file for group in (lists.models, lists.clips, lists.geo) for a in group]

    assert len(names) == len(set(names))
    assert [a.file for a in lists.models if a.use == "default"] == ["deimv2_femto_coco_416.onnx"]
    for model in lists.models:
        manifest = load_manifest(fetch_assets.ROOT / model.manifest)
        (file,) = manifest.files
        assert (file.name, file.sha256, file.size_bytes) == (
            model.file,
            model.sha256,
            model.size_bytes,
        )


def test_nothing_is_shown_that_nobody_licensed() -> None:
    """A clip may appear on a page only with a licence and the credit it asks for."""
    lists = load_lists(fetch_assets.LISTS)

    for clip in (*lists.clips, *lists.geo):
        assert clip.repository.startswith("https://github.com/")
        if clip.show:
            assert clip.licence != "none stated"
            assert clip.credit


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("clips: [{file: a.mp4}]", r"clips\.0\.sha256: Field required"),
        ("clips: [", "cannot read the list"),
        ("- 1", "cannot read the list"),
        ("films: []", "films: Extra inputs"),
    ],
)
def test_a_wrong_list_names_its_place(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "assets.yaml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=words):
        load_lists((path,))


def test_the_command_fetches_the_map_and_tells_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With an empty assets folder and no address, each file is named with where to put it."""
    monkeypatch.setenv("SONGLAM_ASSETS", str(tmp_path / "empty"))
    parser = argparse.ArgumentParser()
    fetch_assets.add_arguments(parser)

    code = fetch_assets.run(parser.parse_args(["--only", "geo", "--dest", str(tmp_path / "c")]))

    said = capsys.readouterr().err
    assert code == fetch_assets.EXIT_INCOMPLETE
    assert f"{tmp_path}/c/geo/nghe_an_communes.geojson: no certain address" in said
    assert "place by hand" in said


def test_a_host_that_cannot_be_reached_is_asked_once() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/clip.mp4"
        with Upstreams() as client:
            with pytest.raises(httpx.ConnectError, match="refused"):
                client.get(address)
            with pytest.raises(httpx.ConnectError, match="not asked again"):
                client.get(address)
