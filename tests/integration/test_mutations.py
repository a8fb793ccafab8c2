"""No byte of a package can be changed, and no end of its chain be cut, unseen."""

from __future__ import annotations

from tests.mutations import make_package, problems_of, unfound

COUNT = 10_000


def test_a_package_that_nobody_touched_is_right() -> None:
    assert problems_of(*make_package()) == []


def test_every_random_mutation_is_found_in_the_file_it_was_made_in() -> None:
    """``python -m tests.mutations 100000`` tries ten times as many."""
    assert unfound(COUNT) == []


def test_every_bit_of_a_manifest_and_every_cut_of_the_chain_is_found() -> None:
    """Not by chance: each byte of the manifest once, each length the chain can be cut to."""
    files, key = make_package()
    manifest, chain = files["i1.manifest.jsonl"], files["chain.jsonl"]
    for at in range(len(manifest)):
        bent = bytearray(manifest)
        bent[at] ^= 1 << at % 8
        assert problems_of({**files, "i1.manifest.jsonl": bytes(bent)}, key), at
    for length in range(len(chain)):
        assert problems_of({**files, "chain.jsonl": chain[:length]}, key), length
