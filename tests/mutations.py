"""Random harm to a package of evidence, and whether the verifier finds and places it.

``python -m tests.mutations 100000`` tries that many and prints what was found; the suite tries
fewer.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge.contract.verify import Check
from tests.box_evidence import custody_of, package, sealed_incident, write_checkpoint

CHAIN, CHECKPOINT = "chain.jsonl", "checkpoint.json"
SEED = 20_261_124


@dataclass(frozen=True, slots=True)
class Harm:
    """What was done to which file, and the package with it."""

    name: str
    what: str
    files: dict[str, bytes]


def make_package() -> tuple[dict[str, bytes], str]:
    """Return a whole package (name → content) and the key that signed it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        custody = custody_of(folder)
        sealed_incident(custody, folder, "i1")
        files = package(folder / "evidence" / "i1")
        files[CHAIN] = (folder / CHAIN).read_bytes()
        files[CHECKPOINT] = write_checkpoint(custody, folder / "c.json").read_bytes()
        return files, custody.public_key


def harmed(files: dict[str, bytes], chance: random.Random) -> Harm:
    """Return the package with one random byte changed, or the end of its chain gone."""
    if chance.random() < 0.1:
        content = files[CHAIN]
        rest = chance.randrange(len(content))
        if chance.random() < 0.5:  # whole lines
            rest = content.rfind(b"\n", 0, rest) + 1
        return Harm(CHAIN, f"cut at byte {rest}", {**files, CHAIN: content[:rest]})
    name = chance.choice(sorted(files))
    bent = bytearray(files[name])
    at, flip = chance.randrange(len(bent)), chance.randrange(1, 256)
    bent[at] ^= flip
    return Harm(name, f"byte {at} ^ {flip}", {**files, name: bytes(bent)})


def problems_of(files: dict[str, bytes], key: str) -> list[str]:
    """Return what the verifier finds wrong with a package in memory."""
    check = Check({name: partial(io.BytesIO, content) for name, content in files.items()}, key)
    check.run()
    return check.problems


def unfound(count: int, seed: int = SEED) -> list[str]:
    """Return the harms, of ``count`` random ones, that were not found, or found elsewhere."""
    files, key = make_package()
    chance = random.Random(seed)  # noqa: S311  # to be repeated, not to be secret
    missed = []
    for _ in range(count):
        harm = harmed(files, chance)
        found = problems_of(harm.files, key)
        whole = harm.name.endswith(".jsonl") or harm.name == CHECKPOINT
        place = harm.name if whole else harm.name.rpartition(".")[0]
        if not any(problem.startswith(f"{place}:") for problem in found):
            missed.append(f"{harm.name}: {harm.what}: {found}")
    return missed


def main() -> int:
    """Try as many as the command line says."""
    count, began_s = int(sys.argv[1]), time.monotonic()
    missed = unfound(count)
    took_s = time.monotonic() - began_s
    sys.stdout.write(f"{count} mutations, {len(missed)} not found or misplaced, {took_s:.1f} s\n")
    sys.stdout.writelines(f"{line}\n" for line in missed[:20])
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
