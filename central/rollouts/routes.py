"""HTTP routes of models and assignments, for people and for boxes."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse

from central.auth import audit
from central.auth.guard import CurrentBox, Gate, Reach
from central.auth.schemas import Role
from central.centre import Centre, CentreDep
from central.problems import Problem
from central.rollouts import repository, service
from central.rollouts.files import ModelFiles, StagedFile, receive
from central.rollouts.schemas import Assignment, ModelItem, ModelList, Trust
from central.rollouts.upload import MODEL_FORM, UploadedModel, uploaded_model
from central.signing import load_signing_key
from central.tables.rollouts import ModelRow
from central.tables.users import UserRow
from edge.contract.messages import ModelManifest

router = APIRouter(tags=["models"])
Reader = Annotated[UserRow, Depends(Gate(Reach.SHARED))]
Technician = Annotated[UserRow, Depends(Gate(Reach.PROVINCE, Role.TECHNICIAN))]


@router.get("/trust")
def get_trust(_: Reader, centre: CentreDep) -> Trust:
    """Return the public key that a box must pin to take this centre's models."""
    return Trust(public_key=load_signing_key(centre.data_dir).public_base64)


@router.get("/models")
def list_models(_: Reader, centre: CentreDep) -> ModelList:
    """Return every model version, newest first."""
    with centre.database.read() as session:
        running = repository.boxes_running(session)
        rows = repository.list_models(session)
        return ModelList(items=[_item(row, running) for row in rows])


@router.get("/models/{name}/{version}")
def get_model(name: str, version: str, _: Reader, centre: CentreDep) -> ModelItem:
    """Return one model version."""
    with centre.database.read() as session:
        row = service.find_or_refuse(session, name, version)
        return _item(row, repository.boxes_running(session))


@router.post("/models", status_code=201, openapi_extra=MODEL_FORM)
def upload_model(
    user: Technician, centre: CentreDep, form: Annotated[UploadedModel, Depends(uploaded_model)]
) -> ModelItem:
    """Upload, check and sign a model version, which never changes: 409 when it is there already."""
    stated = service.read_manifest(form.manifest)
    files = ModelFiles(centre.data_dir)
    folder = files.stage()
    try:
        staged = [receive(form.weights, folder, stated.weights)]
        if form.golden is not None:
            staged.append(receive(form.golden, folder, stated.golden))
        with staged[0].path.open("rb") as start:
            service.check_weights(start.read(1))
        whole = service.complete_manifest(stated, staged)
        row = _row(centre, whole, user.username, staged[0])
        with centre.database.write() as session:
            _refuse_known(repository.find_model(session, whole.name, whole.version))
            session.add(row)
            thing = ("model", f"{whole.name}/{whole.version}")
            audit.record(session, centre.clock(), user.username, "upload", thing, sha256=row.sha256)
            files.publish(folder, whole.name, whole.version, whole.canonical_bytes())
    finally:
        files.discard(folder)
    return _item(row, {})


@router.put("/boxes/{box_id}/assignment")
def assign_model(
    box_id: str, assignment: Assignment, user: Technician, centre: CentreDep
) -> Assignment:
    """Tell a box which model version to run; the box reports how it goes."""
    now = centre.clock()
    with centre.database.write() as session:
        model = service.find_or_refuse(session, assignment.name, assignment.version)
        order = service.assign(session, box_id, model, now)
        named = {"name": model.name, "version": model.version}
        audit.record(session, now, user.username, "assign", ("box", box_id), **named)
    order.send(centre.publish)
    return assignment


@router.delete("/boxes/{box_id}/assignment", status_code=204)
def unassign_model(box_id: str, user: Technician, centre: CentreDep) -> None:
    """Let a box keep the model that it runs."""
    with centre.database.write() as session:
        order = service.unassign(session, box_id)
        audit.record(session, centre.clock(), user.username, "unassign", ("box", box_id))
    order.send(centre.publish)


@router.get("/box/models/{name}/{version}/{file_name}", response_class=FileResponse)
def download_model_file(
    name: str, version: str, file_name: str, _: CurrentBox, centre: CentreDep
) -> FileResponse:
    """Return a file of a model version; understands Range, so a broken download resumes."""
    path = ModelFiles(centre.data_dir).find(name, version, file_name)
    if path is None:
        raise Problem(404, "unknown_file", "Không có tệp này.", f"There is no {file_name}.")
    return FileResponse(path, media_type="application/octet-stream")


def _row(centre: Centre, manifest: ModelManifest, user: str, weights: StagedFile) -> ModelRow:
    """Return the row of a new version, signed."""
    canonical = manifest.canonical_bytes()
    return ModelRow(
        name=manifest.name,
        version=manifest.version,
        manifest_json=canonical.decode(),
        signature=load_signing_key(centre.data_dir).sign(canonical),
        sha256=weights.sha256,
        size_bytes=weights.size_bytes,
        uploaded_at=centre.clock(),
        uploaded_by=user,
    )


def _refuse_known(row: ModelRow | None) -> None:
    """Refuse a version that is there already."""
    if row is not None:
        raise Problem(
            409,
            "model_exists",
            f"Đã có mô hình {row.name} {row.version}.",
            f"Model {row.name} {row.version} is there already; give it a new version.",
        )


def _item(row: ModelRow, running: dict[tuple[str, str], list[str]]) -> ModelItem:
    """Return the JSON of a version."""
    manifest = ModelManifest.model_validate_json(row.manifest_json)
    return ModelItem(
        name=row.name,
        version=row.version,
        family=manifest.family,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        licence=manifest.licence,
        source=manifest.source,
        classes=list(manifest.classes),
        input_size_px=manifest.input_size_px,
        uploaded_at=row.uploaded_at,
        uploaded_by=row.uploaded_by,
        in_use_by=running.get((row.name, row.version), []),
    )
