"""What may be uploaded and assigned, and what boxes are told.

A manifest is completed from the files that came with it: a hash that the technician's manifest
states must match, so a truncated upload is found here and not on a box over 4G. Nothing here
parses HTTP.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from central.problems import Problem
from central.rollouts import repository
from central.rollouts.schemas import StatedManifest
from edge.contract.messages import DesiredMessage, ModelManifest
from edge.contract.topics import Channel, topic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Publish
    from central.rollouts.files import StagedFile
    from central.tables.fleet import BoxRow
    from central.tables.rollouts import ModelRow

DOWNLOAD_ROOT = "/api/v1/box/models"
ONNX_FIRST_BYTE = 0x08
"""An ONNX file is a protobuf whose first field is ir_version, a varint with number 1: key 0x08.
Source: onnx.proto, ModelProto; protobuf encoding. Whatever else is wrong the box's self-test finds.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A retained message for one box; an empty payload clears it."""

    topic: str
    payload: bytes

    def send(self, publish: Publish) -> None:
        """Hand it to the broker."""
        publish(self.topic, self.payload, True)  # noqa: FBT003 - Publish is a plain callable


def read_manifest(text: str) -> StatedManifest:
    """Return what a technician's manifest states; the files are not there yet.

    Raises:
        Problem: 422, naming what does not fit.
    """
    try:
        return StatedManifest.model_validate_json(text)
    except ValidationError as mistake:
        raise _unfit_manifest(mistake) from None


def complete_manifest(stated: StatedManifest, received: Sequence[StagedFile]) -> ModelManifest:
    """Return the manifest of an upload with its files as they were received.

    Raises:
        Problem: 422, naming what does not fit.
    """
    _check_stated_files(stated, received)
    files = [{"name": f.name, "sha256": f.sha256, "size_bytes": f.size_bytes} for f in received]
    try:
        return ModelManifest.model_validate({**stated.model_dump(), "files": files})
    except ValidationError as mistake:
        raise _unfit_manifest(mistake) from None


def _check_stated_files(stated: StatedManifest, received: Sequence[StagedFile]) -> None:
    """Refuse an upload whose manifest states other files or hashes than those received."""
    hashes = {file.name: file.sha256 for file in received}
    for file in stated.files:
        if file.name not in hashes:
            raise _unfit(
                f"thiếu tệp {file.name}", f"file {file.name} is listed but did not come along"
            )
        if file.sha256 not in {None, hashes[file.name]}:
            raise _unfit(
                f"{file.name}: mã băm không khớp, tệp tải lên có thể bị cắt ngắn",
                f"{file.name}: the hash differs from the manifest; the upload may be truncated",
            )


def check_weights(first_bytes: bytes) -> None:
    """Refuse weights that cannot be an ONNX file.

    Raises:
        Problem: 422.
    """
    if not first_bytes or first_bytes[0] != ONNX_FIRST_BYTE:
        raise _unfit("tệp trọng số không phải ONNX", "the weights are not an ONNX file")


def find_or_refuse(session: Session, name: str, version: str) -> ModelRow:
    """Return a model version.

    Raises:
        Problem: 404.
    """
    row = repository.find_model(session, name, version)
    if row is None:
        raise Problem(
            404,
            "unknown_model",
            f"Không có mô hình {name} {version}.",
            f"There is no model {name} {version}.",
        )
    return row


def assign(session: Session, box_id: str, model: ModelRow, at: datetime) -> Publication:
    """Note that ``box_id`` shall run ``model`` and return what to tell it."""
    box = _box(session, box_id)
    box.desired_name, box.desired_version = model.name, model.version
    box.rollout_phase, box.rollout_reason, box.rollout_progress = None, "", 0.0
    return desired(box_id, model, at)


def unassign(session: Session, box_id: str) -> Publication:
    """Note that ``box_id`` may keep what it runs, and return what to tell it."""
    box = _box(session, box_id)
    box.desired_name = box.desired_version = None
    return Publication(topic=topic(box_id, Channel.DESIRED), payload=b"")


def desired(box_id: str, model: ModelRow, at: datetime) -> Publication:
    """Return the retained order to run ``model``."""
    message = DesiredMessage(
        message_id=f"desired:{uuid.uuid4()}",
        box_id=box_id,
        sent_at=at,
        manifest_json=model.manifest_json,
        signature=model.signature,
        download_path=f"{DOWNLOAD_ROOT}/{model.name}/{model.version}",
    )
    return Publication(
        topic=topic(box_id, Channel.DESIRED), payload=message.model_dump_json().encode()
    )


def all_desired(session: Session, at: datetime) -> list[Publication]:
    """Return the orders of every box: published again when the centre starts.

    A broker that lost its retained messages, or a crash between commit and publish, is so mended.
    """
    return [desired(box_id, model, at) for box_id, model in repository.assignments(session)]


def _box(session: Session, box_id: str) -> BoxRow:
    """Return a box or refuse with 404."""
    box = repository.find_box(session, box_id)
    if box is None:
        raise Problem(
            404, "unknown_box", f"Không có thiết bị {box_id}.", f"There is no box {box_id}."
        )
    return box


def _unfit_manifest(mistake: ValidationError) -> Problem:
    """Return the refusal of a manifest, every mistake named by its place."""
    lines = [
        f"{'.'.join(map(str, error['loc'])) or 'manifest.json'}: {error['msg']}"
        for error in mistake.errors()
    ]
    return _unfit("; ".join(lines), "; ".join(lines))


def _unfit(vi: str, en: str) -> Problem:
    """Return the refusal of an upload."""
    return Problem(422, "unfit_model", f"Mô hình không hợp lệ: {vi}.", f"Unfit model: {en}.")
