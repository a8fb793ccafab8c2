"""``python -m models train``: fine-tune the base on labelled pictures, on CPU or GPU.

Invariants:
    * Step ``n`` draws its pictures from the seed and ``n`` alone, so a stopped run goes on as if it
      had not been stopped.
    * Evaluation sets are never opened here.

Source: AdamW, Loshchilov and Hutter 2019; a level rate with a late
fall, Hu et al. 2024; weights averaged over steps
as in Tarvainen and Valpola 2017.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import onnx
import torch

from edge.errors import ConfigError
from models.augment import Labelled, vary
from models.base import with_our_head
from models.classes import CLASSES
from models.graph import Graph
from models.labels import digest, read_folder
from models.loss import Cells, Target, loss_of

if TYPE_CHECKING:
    from pathlib import Path

    from models.config import Training
    from models.labels import Sample

KEEP_EVERY, TELL_EVERY = 20, 10
FOUR = 4
LEAST_RATE = 0.03
HEADER = "step,seconds,box,object,class,all\n"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A set in memory: its pictures, how often it is drawn, which classes its labels tell."""

    pictures: list[Labelled]
    share: float
    from_step: int
    told: torch.Tensor


def open_sets(training: Training, data: Path) -> list[Drawn]:
    """Return the sets of a run.

    Raises:
        ConfigError: A set is empty or is not the one that the run names.
    """
    found = []
    for one in training.sets:
        samples = read_folder(data / one.folder) if (data / one.folder).is_dir() else []
        if not samples:
            raise ConfigError([f"{data / one.folder}: no labelled pictures"])
        if one.sha256 and digest(samples) != one.sha256:
            raise ConfigError([f"{data / one.folder}: not the pictures and labels of this run"])
        told = torch.tensor([0.0 if name in one.untold else 1.0 for name in CLASSES])
        pictures = [_load(sample) for sample in samples]
        found.append(Drawn(pictures, one.share, one.from_step, told))
    return found


def batch_of(training: Training, sets: list[Drawn], step: int) -> tuple[torch.Tensor, list[Target]]:
    """Return pictures float32 (batch, 3, height, width), 0..255 BGR, and what is true of them."""
    rng = np.random.default_rng([training.seed, step])
    open_now = [one for one in sets if one.from_step <= step]
    shares = np.array([one.share for one in open_now])
    pictures, targets = [], []
    for _ in range(training.batch):
        drawn = open_now[int(rng.choice(len(open_now), p=shares / shares.sum()))]
        picks = [drawn.pictures[i] for i in rng.integers(len(drawn.pictures), size=FOUR)]
        made = vary(picks, training.input_px, rng)
        pictures.append(made.image.transpose(2, 0, 1))
        boxes, classes = torch.from_numpy(made.boxes), torch.from_numpy(made.classes)
        targets.append(Target(boxes, classes, drawn.told))
    return torch.from_numpy(np.stack(pictures).astype(np.float32)), targets


def _load(sample: Sample) -> Labelled:
    """Return a sample with its picture."""
    image: Any = cv2.imread(str(sample.picture))
    boxes = sample.boxes_px((image.shape[1], image.shape[0]))
    return Labelled(image, sample.classes, boxes)


def groups_of(network: Graph, training: Training) -> list[dict[str, Any]]:
    """Return what learns, with its share of the rate; the first convolutions are frozen."""
    backbone: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    convolutions = [step for step in network.steps if step.kind == "Conv"]
    for place, step in enumerate(convolutions):
        for parameter in network.parameters_of(step):
            if place < training.frozen_convolutions:
                parameter.requires_grad_(requires_grad=False)
            else:
                group = backbone if place < training.backbone_convolutions else rest
                group.append(parameter)
    groups = [(backbone, training.backbone_share), (rest, 1.0)]
    return [{"params": group, "share": share} for group, share in groups if group]


def rate_at(training: Training, step: int) -> float:
    """Return the learning rate of a step: up in a line, level, down in half a cosine."""
    if step < training.warm_up_steps:
        return training.rate * (step + 1) / training.warm_up_steps
    left = (training.steps - step) / max(training.cool_down_steps, 1)
    fall = (1 - math.cos(math.pi * min(left, 1.0))) / 2
    return training.rate * (LEAST_RATE + (1 - LEAST_RATE) * fall)


class Run:
    """A training run: weights, their running mean, the optimiser, and where it stands."""

    def __init__(self, training: Training, base: Path, out: Path) -> None:
        """Begin, or go on from what ``out`` holds.

        Raises:
            ConfigError: The base is another file than the run names.
        """
        self.training, self.out = training, out
        torch.manual_seed(training.seed)
        model = with_our_head(onnx.load(str(base)), training.input_px)
        self.network, self.mean = Graph(model), Graph(model)
        self.mean.load_state_dict(self.network.state_dict())
        groups = groups_of(self.network, training)
        self.optimiser = torch.optim.AdamW(groups, lr=0.0, weight_decay=training.decay)
        self.model, self.step = model, 0
        out.mkdir(parents=True, exist_ok=True)
        if (out / "checkpoint.pt").is_file():
            self._go_on()

    def _go_on(self) -> None:
        """Take up a checkpoint."""
        kept = torch.load(self.out / "checkpoint.pt", weights_only=True)
        self.network.load_state_dict(kept["network"])
        self.mean.load_state_dict(kept["mean"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.step = int(kept["step"])

    def keep(self) -> None:
        """Write a checkpoint and the mean weights as ONNX."""
        part = self.out / "checkpoint.part"
        torch.save(
            {
                "network": self.network.state_dict(), "mean": self.mean.state_dict(),
                "optimiser": self.optimiser.state_dict(), "step": self.step,
            },
            part,
        )  # fmt: skip
        part.replace(self.out / "checkpoint.pt")
        self.mean.write_to(self.model)
        onnx.save(self.model, str(self.out / "trained.onnx"))

    def learn(self, sets: list[Drawn], cells: Cells) -> dict[str, float]:
        """Take one step; return the parts of its loss."""
        pictures, targets = batch_of(self.training, sets, self.step)
        outputs = self.network(pictures.to(memory_format=torch.channels_last))
        parts = loss_of(outputs, targets, cells)
        self.optimiser.zero_grad()
        parts["all"].backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 35.0)
        rate = rate_at(self.training, self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["share"]
        self.optimiser.step()
        self.step += 1
        share = min(self.training.averaging, self.step / (self.step + 10))
        with torch.no_grad():
            for mean, now in zip(self.mean.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(now, 1 - share)
        return {name: float(value.detach()) for name, value in parts.items()}


def kept_log(log: Path, step: int) -> str:
    """Return what a log says of the steps a checkpoint holds; seconds count from each start."""
    rows = log.read_text("utf-8").splitlines()[1:] if log.is_file() else []
    return HEADER + "".join(f"{row}\n" for row in rows if int(row.split(",")[0]) <= step)


def train(training: Training, data: Path, base: Path, out: Path) -> None:
    """Train to the last step; log and checkpoints go to ``out``.

    Raises:
        ConfigError: Data or base are not what the run names.
    """
    sets, cells = open_sets(training, data), Cells(training.input_px)
    run = Run(training, base, out)
    log = out / "log.csv"
    log.write_text(kept_log(log, run.step), "utf-8")
    began_s, sums = time.monotonic(), dict.fromkeys(("box", "object", "class", "all"), 0.0)
    while run.step < training.steps:
        for name, value in run.learn(sets, cells).items():
            sums[name] += value / TELL_EVERY
        if run.step % TELL_EVERY == 0:
            passed_s = time.monotonic() - began_s
            row = ",".join(f"{sums[name]:.4f}" for name in sums)
            with log.open("a", encoding="utf-8") as file:
                file.write(f"{run.step},{passed_s:.0f},{row}\n")
            sys.stderr.write(f"step {run.step}/{training.steps} {passed_s:.0f} s loss {row}\n")
            sums = dict.fromkeys(sums, 0.0)
        if run.step % KEEP_EVERY == 0 or run.step == training.steps:
            run.keep()
