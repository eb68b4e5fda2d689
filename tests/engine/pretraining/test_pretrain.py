from __future__ import annotations

import dataclasses
import json

import pytest
import torch
from PIL import Image

from zepad_engine.card import EncoderCard
from zepad_engine.encoders.encoder import weight_bytes
from zepad_engine.encoders.reading import load_own
from zepad_engine.errors import BadInput, BadPlan, Cancelled
from zepad_engine.images.image_set import ImageSet
from zepad_engine.pretraining.command import run_pretrain_from_arguments
from zepad_engine.pretraining.methods import METHODS
from zepad_engine.pretraining.plan import PretrainPlan
from zepad_engine.pretraining.pretrain import learning_rate, pretrain, state_path
from zepad_engine.pretraining.probe import probe_accuracy, probe_encoder
from zepad_engine.progress import Progress


@pytest.fixture(autouse=True)
def keep_threads():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def noise(count=24, size=16):
    pictures = torch.randint(
        0, 256, (count, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    return ImageSet(name="noise", pictures=pictures, labels=torch.arange(count) % 2, classes=("a", "b"))


def plan(method="simclr", **changes):
    settings = {"name": "net", "method": METHODS[method](), "data": "noise", "epochs": 3, "blocks": (1, 1, 1, 1)}
    return PretrainPlan(**{**settings, "width": 4, "batch": 8, **changes})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_resumed_training_is_bit_equal_to_a_straight_run(tmp_path, method, precision):
    told = plan(method, precision=precision)
    straight = pretrain(told, noise(), Progress.silent(), tmp_path / "straight")
    pretrain(told, noise(), Progress.silent(), tmp_path / "parts", stop_after=1)
    torch.manual_seed(99)
    resumed = pretrain(told, noise(), Progress.silent(), tmp_path / "parts", resume=True)
    assert weight_bytes(straight) == weight_bytes(resumed)
    assert resumed.card.epochs == 3
    other = pretrain(plan(method, precision=precision, seed=1), noise(), Progress.silent(), tmp_path / "other")
    assert weight_bytes(other) != weight_bytes(straight)


def test_cancel_keeps_the_last_whole_epoch(tmp_path):
    seen: list[float] = []
    stopping = Progress(on_advance=lambda done, _note: seen.append(done), cancelled=lambda: len(seen) > 4)
    with pytest.raises(Cancelled):
        pretrain(plan(), noise(), stopping, tmp_path)
    resumed = pretrain(plan(), noise(), Progress.silent(), tmp_path, resume=True)
    assert weight_bytes(resumed) == weight_bytes(pretrain(plan(), noise(), Progress.silent(), tmp_path))


def test_state_of_another_plan_or_none_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"no state net\.training"):
        pretrain(plan(), noise(), Progress.silent(), tmp_path, resume=True)
    pretrain(plan(), noise(), Progress.silent(), tmp_path, stop_after=1)
    with pytest.raises(BadPlan, match="other settings or pictures"):
        pretrain(plan(lr=1e-4), noise(), Progress.silent(), tmp_path, resume=True)
    with pytest.raises(BadPlan, match="other settings or pictures"):
        pretrain(plan(), noise(25), Progress.silent(), tmp_path, resume=True)
    state_path(tmp_path, "net").write_bytes(b"broken")
    with pytest.raises(BadInput, match="not a whole training state"):
        pretrain(plan(), noise(), Progress.silent(), tmp_path, resume=True)


def test_plans_that_cannot_be(tmp_path):
    with pytest.raises(BadPlan, match="A batch of 64 does not fit 24"):
        pretrain(plan(batch=64), noise(), Progress.silent(), tmp_path)
    unlabelled = dataclasses.replace(noise(), labels=None)
    with pytest.raises(BadPlan, match="SupCon needs labels"):
        pretrain(plan("supcon"), unlabelled, Progress.silent(), tmp_path)


def test_learning_rate_rises_then_falls_to_zero():
    told = plan(lr=1.0, warmup=0.1)
    rates = [learning_rate(told, share) for share in (0.05, 0.1, 0.55, 1.0)]
    assert rates == pytest.approx([0.5, 1.0, 0.5, 0.0])


def stripes(count=160):
    """Two classes a linear probe can part: bright and dark pictures."""
    labels = torch.arange(count) % 2
    noise_part = torch.randint(0, 60, (count, 3, 16, 16), generator=torch.Generator().manual_seed(1))
    pictures = (noise_part + 120 * labels.view(-1, 1, 1, 1)).to(torch.uint8)
    splits = {"train": torch.arange(count // 2), "test": torch.arange(count // 2, count)}
    return ImageSet(name="stripes", pictures=pictures, labels=labels, classes=("dark", "bright"), splits=splits)


def test_probe_beats_chance_where_classes_part_and_repeats_itself(make_encoder):
    first = probe_encoder(make_encoder, stripes(), Progress.silent())
    assert first.accuracy == 1.0
    assert (first.train_images, first.test_images, first.classes) == (80, 80, 2)
    assert probe_encoder(make_encoder, stripes(), Progress.silent()) == first


def test_probe_is_at_chance_on_noise():
    generator = torch.Generator().manual_seed(0)
    train, test = torch.randn(400, 8, generator=generator), torch.randn(400, 8, generator=generator)
    labels = torch.arange(400) % 4
    assert 0.17 < probe_accuracy(train, labels, test, labels) < 0.33


@pytest.fixture
def make_encoder(tmp_path):
    return pretrain(plan(epochs=1), noise(), Progress.silent(), tmp_path)


def test_the_command_writes_an_encoder_with_its_card(tmp_path, capsys):
    for label in range(2):
        for index in range(8):
            for split in ("train", "test"):
                file = tmp_path / "pets" / split / str(label) / f"{index}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (16, 16), (200 * label, 10 * index, 0)).save(file)
    flags = "--method barlow --epochs 1 --width 4 --batch 8 --size 16 --name net"
    flags = [*flags.split(), "--blocks", *"1111"]
    places = ["--images", str(tmp_path / "pets"), "--probe", str(tmp_path / "pets"), "--out", str(tmp_path / "out")]
    assert run_pretrain_from_arguments([*flags, *places]) == 0
    card = load_own(tmp_path / "out" / "net.safetensors").card
    assert (card.method, card.data, card.probe.test_images) == ("Barlow Twins", "pets, 16 images", 16)
    assert isinstance(card, EncoderCard)
    assert str(tmp_path) not in (tmp_path / "out" / "net.json").read_text()
    assert json.loads(capsys.readouterr().out)["name"] == "net"
    assert run_pretrain_from_arguments([*flags, "--images", "nowhere", "--out", str(tmp_path)]) == 1
    assert "There is no folder or file nowhere" in capsys.readouterr().err
