"""``python -m models``: label, render, train, export, evaluate and describe our weights.

Exit codes: 0 done; 2 an argument, a file or the environment is wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
VERSION = "1.1.0"
HOME = ROOT / "models/songlam-traffic" / VERSION
NAME = "songlam_traffic"
ASSETS = ROOT.parent / "shared/assets"
TEACHERS = ("yolo11n_recon_640", "deimv2_femto_coco_416")
COMPARED = (
    "songlam-traffic",
    f"songlam-traffic/{VERSION}/int8.manifest.json",
    "yolox_nano_416",
    "yolo11n_recon_640",
    "deimv2_femto_coco_416",
)
SEEDS = (10000, 10002)
RUN = Path("var/models/run")
EXIT_CONFIG = 2

EXAMPLES = """in this order, from nothing (hours on two cores, minutes on a GPU):
  python -m models render --data var/models --out rendered/train --seeds 10000 10002
  python -m models render --data var/models --out rendered/unseen --seeds 90000 90004
  python -m models label --data var/models --assets ../shared/assets
  python -m models train --data var/models --out var/models/run
  python -m models export --data var/models --run var/models/run
  python -m models evaluate --data var/models
  python -m models card
With weights of your own:
  python -m models export --ultralytics best.pt    ultralytics and what it trains are AGPL-3.0

exit codes: 0 done; 2 an argument, a file or the environment is wrong"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    args = make_parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = args.run
    try:
        run(args)
    except (ConfigError, ModelError, OSError) as error:
        sys.stderr.write(f"models: {error}\n")
        return EXIT_CONFIG
    except ImportError as error:
        sys.stderr.write(f"models: {error}: install the extras models and simulation\n")
        return EXIT_CONFIG
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m models",
        description="Make, measure and describe the weights of models/songlam-traffic.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_data_commands(commands)
    _add_train(commands.add_parser("train", help="fine-tune the base (extra models)"))
    _add_export(commands.add_parser("export", help="write ONNX files and manifests"))
    evaluate = commands.add_parser("evaluate", help="measure beside other networks")
    evaluate.add_argument("--models", nargs="+", default=COMPARED, help="folders in models/")
    evaluate.add_argument("--assets", type=Path, default=ASSETS)
    evaluate.add_argument("--out", type=Path, default=HOME / "evaluation.json")
    evaluate.set_defaults(run=_evaluate)
    card = commands.add_parser("card", help="write CARD.md and its pictures from the figures")
    card.set_defaults(run=_card)
    for command in commands.choices.values():
        command.add_argument("--data", type=Path, default=Path("var/models"), help="labelled data")
    return parser


def _add_data_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``render`` and ``label``."""
    render = commands.add_parser("render", help="render stills with exact labels")
    render.add_argument("--out", required=True, help="folder under --data")
    render.add_argument("--seeds", type=int, nargs=2, default=SEEDS, metavar=("FROM", "TO"))
    render.set_defaults(run=_render)
    label = commands.add_parser("label", help="label real pictures with two teachers")
    label.add_argument("--assets", type=Path, default=ASSETS, help="default: ../shared/assets")
    label.set_defaults(run=_label)


def _add_train(train: argparse.ArgumentParser) -> None:
    """Describe ``train``."""
    train.add_argument("--config", type=Path, default=HOME / "training.yaml")
    train.add_argument("--base", type=Path, help="base network (default: from the model folders)")
    train.add_argument("--out", type=Path, default=RUN, help="log and checkpoints")
    train.add_argument("--threads", type=int, default=2, help="processor threads (default: 2)")
    train.set_defaults(run=_train)


def _add_export(export: argparse.ArgumentParser) -> None:
    """Describe ``export``."""
    export.add_argument("--run", dest="source", type=Path, default=RUN)
    export.add_argument("--config", type=Path, default=HOME / "training.yaml")
    export.add_argument("--out", type=Path, default=HOME)
    export.add_argument(
        "--ultralytics",
        type=Path,
        metavar="PT",
        help="only turn this checkpoint into ONNX; ultralytics and its weights are AGPL-3.0",
    )
    export.add_argument("--size", type=int, default=640, help="its input side, pixels")
    export.set_defaults(run=_export)


def manifest_of(name: str) -> Path:
    """Return a manifest by its path under models/, or that of a folder's highest version."""
    if name.endswith(".json"):
        return ROOT / "models" / name
    return max((ROOT / "models" / name).glob("*/manifest.json"))


def _render(args: argparse.Namespace) -> None:
    """Render one place a seed."""
    from models.scenes import PLACES_IN_TURN, Shoot, render  # noqa: PLC0415 - extra simulation

    for seed in range(*args.seeds):
        place = PLACES_IN_TURN[seed % len(PLACES_IN_TURN)]
        count = render(Shoot(place, seed), args.data / args.out)
        sys.stderr.write(f"{place} {seed}: {count} stills\n")


def _label(args: argparse.Namespace) -> None:
    """Label the sets that may be shipped from."""
    from edge.detector.onnx import Detector  # noqa: PLC0415 - slow to import, only needed here
    from models.footage import label_all  # noqa: PLC0415 - as above

    teachers = [Detector.load(manifest_of(name)) for name in TEACHERS]
    label_all(args.assets, args.data / "real", teachers)


def _train(args: argparse.Namespace) -> None:
    """Train on the data of a configuration."""
    import torch  # noqa: PLC0415 - the extra

    from edge.detector.manifest import find_weights, load_manifest  # noqa: PLC0415 - as above
    from models.config import read_training  # noqa: PLC0415 - as above
    from models.train import train  # noqa: PLC0415 - as above

    torch.set_num_threads(args.threads)
    training = read_training(args.config)
    path = manifest_of(training.base)
    train(
        training, args.data, args.base or find_weights(load_manifest(path), path.parent), args.out
    )


def _export(args: argparse.Namespace) -> None:
    """Write the files of a release, or turn a checkpoint into ONNX."""
    from models.config import read_training  # noqa: PLC0415 - onnx is an extra
    from models.export import from_ultralytics, release  # noqa: PLC0415 - as above

    if args.ultralytics:
        made = from_ultralytics(args.ultralytics, args.size)
        sys.stderr.write(f"{made}: AGPL-3.0, like all that ultralytics trains; write a manifest\n")
        return
    training = read_training(args.config)
    release(args.source, args.out, args.data, training, (NAME, VERSION))


def _evaluate(args: argparse.Namespace) -> None:
    """Measure and write the figures."""
    from models.evaluate import evaluate, save  # noqa: PLC0415 - slow to import, only needed here

    os.environ.setdefault("SONGLAM_MODELS", str(args.assets / "models"))
    figures = evaluate([manifest_of(name) for name in args.models], [args.assets, args.data])
    save(figures, args.out)
    for name in figures["absent"]:
        sys.stderr.write(f"set {name} is not there: not measured\n")
    for name, why in figures["refused"].items():
        sys.stderr.write(f"{name}: not measured: {why}\n")


def _card(args: argparse.Namespace) -> None:
    """Write the card."""
    del args
    from models.card import write_card  # noqa: PLC0415 - slow to import, only needed here

    write_card(HOME, HOME / "ABOUT.md")


if __name__ == "__main__":
    sys.exit(main())
