"""Lives of a real box, begun quickly: a process that has everything imported and forks at a word.

Each life is a whole box (``Worker``) with its cameras. It writes down, in memory shared with the
test, what it has taken from each camera and which messages its outbox has confirmed; so the test
knows at the instant of a kill what there was to lose.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Self

import certifi

from edge.clock import SystemClock
from edge.config.load import load_box
from edge.evidence.request import EvidenceRequest
from edge.worker import Worker
from tests.builders import NOON, incident_message

if TYPE_CHECKING:
    from edge.camera.ring import PacketSink, RingPacket
    from edge.camera.stream import StreamInfo

ROOT = Path(__file__).parents[1]
CAMERAS = ("north", "east", "south", "west")
CONFIRMED = len(CAMERAS)
"""Place of the number of confirmed messages, behind the cameras' seconds."""
SIZE = 8 * (CONFIRMED + 1)
SLOW_IMPORTS = ("httpcore",)
"""What a box imports late: done once, before any life."""


class Witness:
    """Eight-byte floats that two processes share."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), SIZE)

    def __getitem__(self, place: int) -> float:
        """Return the number at a place."""
        value: float = struct.unpack_from("d", self._map, 8 * place)[0]
        return value

    def __setitem__(self, place: int, value: float) -> None:
        """Write the number at a place."""
        struct.pack_into("d", self._map, 8 * place, value)


class WitnessedVideo:
    """Says what a camera gave before it passes it on."""

    def __init__(self, video: PacketSink, witness: Witness, place: int) -> None:
        self._video, self._witness, self._place = video, witness, place

    def begin_epoch(self, epoch: int, starts_s: float, info: StreamInfo) -> None:
        """Pass on."""
        self._video.begin_epoch(epoch, starts_s, info)

    def end_epoch(self) -> None:
        """Pass on."""
        self._video.end_epoch()

    def append(self, packet: RingPacket) -> bool:
        """Note the end of the picture, and pass it on."""
        self._witness[self._place] = packet.stream_s + packet.duration_s
        return self._video.append(packet)


def live(box_file: Path, witness_file: Path) -> None:
    """Be a box until killed."""
    worker = Worker(load_box(box_file), SystemClock())
    witness = Witness(witness_file)
    for place, camera in enumerate(worker._cameras):
        camera._ring = WitnessedVideo(camera._ring, witness, place)
    threading.Thread(target=_write_on, args=(worker, witness), daemon=True).start()
    worker.run()


def _write_on(worker: Worker, witness: Witness) -> None:
    """Put messages into the outbox and requests into the register without a pause."""
    number = 0
    while True:
        number += 1
        incident_id = f"k{worker._casework.register.run}-{number}"
        worker._casework.register.note(
            EvidenceRequest(
                incident_id=incident_id,
                camera_id=CAMERAS[0],
                occurred_s=0.0,
                occurred_at=NOON,
                until_s=0.0,
                frame_size_px=(128, 64),
            )
        )
        message = incident_message(incident_id, phase="closed", evidence_missing="a test")
        if worker._delivery.outbox.put(message):
            witness[CONFIRMED] = number
        worker._casework.register.done(incident_id)


class Lives:
    """The forking process, as the test sees it."""

    def __init__(self, box_file: Path) -> None:
        self._witness_file = box_file.with_name("witness.bin")
        self._witness_file.write_bytes(bytes(SIZE))
        self.witness = Witness(self._witness_file)
        self._log = box_file.with_name("lives.log").open("wb")
        # No life calls anybody: one authority is read faster than all of them, twice per life.
        pem, end, _ = (
            Path(certifi.where()).read_text("ascii").partition("-----END CERTIFICATE-----")
        )
        authority = box_file.with_name("authority.pem")
        authority.write_text(pem[pem.index("-----BEGIN") :] + end + "\n", "ascii")
        arguments = [sys.executable, "-m", "tests.recording_process"]
        self._process = subprocess.Popen(
            [*arguments, str(box_file), str(self._witness_file)],
            cwd=ROOT,
            env=os.environ | {"SSL_CERT_FILE": str(authority)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)
        self._log.close()

    def begin(self) -> int:
        """Begin a life; return its process id."""
        for place in range(CONFIRMED + 1):
            self.witness[place] = 0.0
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def kill(self, pid: int) -> None:
        """End a life as a power cut would, and wait until it is gone."""
        os.kill(pid, signal.SIGKILL)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("wait\n")
        self._process.stdin.flush()
        assert int(self._process.stdout.readline()) == pid


def main() -> None:
    """Fork a life for each empty line, wait for its end for each other."""
    for name in SLOW_IMPORTS:
        import_module(name)
    box_file, witness_file = (Path(argument) for argument in sys.argv[1:])
    for line in sys.stdin:
        if line.strip():
            pid, _ = os.wait()
        elif (pid := os.fork()) == 0:
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the log, not our answers
            live(box_file, witness_file)
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
