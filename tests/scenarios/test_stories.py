"""Every story under tests/scenarios leads to exactly the incidents it expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories import FOLDER, all_stories, load_story, opened, run_story

if TYPE_CHECKING:
    from pathlib import Path

STORIES = all_stories()


@pytest.mark.parametrize("path", STORIES, ids=[str(p.relative_to(FOLDER)) for p in STORIES])
def test_the_story_leads_to_the_incidents_it_expects(path: Path) -> None:
    story = load_story(path)

    messages = run_story(story)
    came = opened(messages)

    told = [f"{m.rule} at {m.clip_s} s, {m.track_ids}, sure at {m.decided_clip_s} s" for m in came]
    for expected in story.expect:
        met = [message for message in came if expected.is_met_by(message)]
        assert len(met) == 1, f"{story.story}: wanted once: {expected!r}; came: {told}"
        came.remove(met[0])
        if expected.level is not None:
            revisions = [m for m in messages if m.incident_id == met[0].incident_id]
            assert max(m.level for m in revisions) == expected.level, story.story
    assert not came, f"{story.story}: more came than expected: {told}"


def test_every_rule_with_stories_has_some_that_expect_nothing() -> None:
    """A rule is only as good as the look-alikes it keeps quiet about."""
    folders = {path.parent.name for path in STORIES}
    quiet = {path.parent.name for path in STORIES if not load_story(path).expect}

    assert quiet == folders
