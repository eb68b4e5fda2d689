"""``pretrain`` on the command line: flags in, an encoder and its card out, progress on one line."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from zepad_engine.architecture import CIFAR_STEM, IMAGENET_STEM
from zepad_engine.card import EncoderCard
from zepad_engine.encoders.encoder import Encoder, save_encoder, with_card
from zepad_engine.errors import AuditError, Cancelled
from zepad_engine.images.image_set import ImageSet
from zepad_engine.images.opening import open_images
from zepad_engine.pretraining.augment import Augmentation
from zepad_engine.pretraining.methods import METHODS, Method
from zepad_engine.pretraining.plan import PretrainPlan
from zepad_engine.pretraining.pretrain import pretrain
from zepad_engine.pretraining.probe import probe_encoder
from zepad_engine.progress import Progress


def run_pretrain_from_arguments(argv: Sequence[str]) -> int:
    """Pre-train as the flags say; gives back the exit code: 0 done, 1 an error that is told, 130 stopped."""
    flags = _parser().parse_args(argv)
    line = _TerminalLine()
    try:
        card = _run(flags, line)
    except AuditError as trouble:
        line.end()
        sys.stderr.write(f"{trouble}\n")
        return 1
    except (Cancelled, KeyboardInterrupt):
        line.end()
        sys.stderr.write("Stopped. Resume with --resume; the last whole epoch is stored.\n")
        return 130
    line.end()
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(card), indent=2).decode() + "\n")
    return 0


def _run(flags: argparse.Namespace, line: _TerminalLine) -> EncoderCard:
    images = open_images(flags.images, flags.size, flags.limit, flags.seed)
    split = "train" if "train" in images.splits else "all"
    plan = _plan(flags, images, split)
    encoder = pretrain(
        plan,
        images,
        line.progress(),
        flags.out,
        split=split,
        resume=flags.resume,
        stop_after=flags.stop_after,
    )
    save_encoder(encoder, flags.out / f"{flags.name}.safetensors")
    if flags.probe is None:
        return encoder.card
    return _probe(flags, encoder, line)


def _probe(flags: argparse.Namespace, encoder: Encoder, line: _TerminalLine) -> EncoderCard:
    labelled = open_images(flags.probe, flags.size, flags.probe_limit, flags.seed)
    found = probe_encoder(encoder, labelled, line.progress(), flags.seed)
    probed = with_card(encoder, msgspec.structs.replace(encoder.card, probe=found))
    return save_encoder(probed, flags.out / f"{flags.name}.safetensors")


def _plan(flags: argparse.Namespace, images: ImageSet, split: str) -> PretrainPlan:
    data = flags.data or f"{images.name}, {len(images.indices(split)):,} images"
    return PretrainPlan(
        name=flags.name,
        method=_method(flags),
        data=data,
        licence=flags.licence
        or f"Weights made by ZePAD's pretrain command; trained on {data}, whose terms apply to it.",
        epochs=flags.epochs,
        blocks=tuple(flags.blocks),
        width=flags.width,
        stem=CIFAR_STEM if flags.stem == "cifar" else IMAGENET_STEM,
        batch=flags.batch,
        lr=flags.lr,
        decay=flags.decay,
        seed=flags.seed,
        device=flags.device,
        threads=flags.threads,
        precision=flags.precision,
        augmentation=Augmentation(smallest_area=flags.smallest_area),
    )


def _method(flags: argparse.Namespace) -> Method:
    kind = METHODS[flags.method]
    named = {field.name for field in dataclasses.fields(kind)}
    if flags.temperature is not None and "temperature" in named:
        return kind(temperature=flags.temperature)  # type: ignore[call-arg]
    return kind()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pretrain", description="Pre-train a small encoder on your own pictures.")
    parser.add_argument("--method", choices=sorted(METHODS), default="simclr")
    parser.add_argument("--images", required=True, help="folder, zip, or torchvision:<set>:<folder>")
    parser.add_argument("--out", type=Path, required=True, help="folder of the encoder and of the training state")
    parser.add_argument("--name", required=True, help="file name of the encoder without ending")
    parser.add_argument("--data", help="one phrase for the card that says what the pictures are")
    parser.add_argument("--licence", help="one sentence for the card: the terms of the weights")
    parser.add_argument("--limit", type=int, help="use at most this many pictures of each split")
    parser.add_argument("--size", type=int, default=32, help="side of the pictures in pixels")
    parser.add_argument("--probe", help="labelled set for the linear probe")
    parser.add_argument("--probe-limit", type=int, help="use at most this many pictures of each split for the probe")
    parser.add_argument("--resume", action="store_true", help="go on from the last whole epoch")
    parser.add_argument("--stop-after", type=int, help="end after this many epochs of the plan")
    _add_training_flags(parser)
    return parser


def _add_training_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--blocks", type=int, nargs=4, default=(2, 2, 2, 2), help="residual blocks of each stage")
    parser.add_argument("--width", type=int, default=16, help="channels of the first stage")
    parser.add_argument("--stem", choices=("cifar", "imagenet"), default="cifar")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=1e-4)
    parser.add_argument("--temperature", type=float, help="of SimCLR and SupCon")
    parser.add_argument("--smallest-area", type=float, default=0.2, help="least share of the image a crop keeps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")


class _TerminalLine:
    """The progress line; a new line for each finished epoch."""

    def __init__(self) -> None:
        self._loss = float("nan")

    def progress(self) -> Progress:
        return Progress(on_advance=self._advance, on_measure=self._measure)

    def end(self) -> None:
        sys.stderr.write("\n")

    def _advance(self, done: float, note: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{100 * done:5.1f} %  {note}  loss {self._loss:.4f}   ")
            sys.stderr.flush()

    def _measure(self, series: str, step: float, value: float) -> None:
        self._loss = value
        if series.endswith("epoch_loss"):
            sys.stderr.write(f"\repoch {step:.0f}: mean loss {value:.4f}          \n")
            sys.stderr.flush()
