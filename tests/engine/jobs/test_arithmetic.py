"""One tiny plan run in both arithmetics: what may differ and what may not."""

from __future__ import annotations

import msgspec
import pytest
import torch
from safetensors.torch import load_file

from tests.support.finished import without_times
from zepad_engine.audit import run_audit
from zepad_engine.comparing.compare import compare
from zepad_engine.findings import report_from_json
from zepad_engine.run_folder import RunFolder


@pytest.fixture(scope="module")
def again(finished, auditors, tmp_path_factory):
    def run(**values):
        plan = msgspec.structs.replace(finished.plan, **values)
        folder = tmp_path_factory.mktemp("again")
        run_audit(plan, folder, lambda _event: None, lambda: False, pool=auditors)
        return folder

    return run


@pytest.fixture(scope="module")
def exact(again):
    return again(arithmetic="exact")


def report_of(folder):
    return report_from_json((folder / "report.json").read_bytes())


def test_the_report_says_how_it_was_computed(finished, exact):
    fast, reference = finished.report.execution, report_of(exact).execution
    assert (fast.arithmetic, reference.arithmetic) == ("fast", "exact")
    assert reference.crafting == reference.scoring == "float32, nothing folded"
    assert reference.training == "float32"
    assert fast.scoring == "float32, batch norms folded, channels last"
    assert fast.crafting.startswith("bfloat16" if torch.cpu._is_avx512_bf16_supported() else "float32")
    # 512 pictures of 16 pixels are 128 of 32.
    assert (fast.batch, fast.workers, fast.threads, fast.notices) == (512, 2, 1, ())
    assert len(fast.device) > 2


def test_both_arithmetics_score_the_same_network_alike(finished, exact):
    """The victim is not trained by the audit: its clean answers may differ by the rounding of its head's training."""
    task = finished.plan.tasks[1]
    logits = [load_file(RunFolder(folder).logits(task, "victim"))["clean"] for folder in (finished.folder, exact)]
    agree = float((logits[0].argmax(dim=1) == logits[1].argmax(dim=1)).float().mean())
    assert agree >= 0.9
    weights = [RunFolder(folder).encoder("victim").read_bytes() for folder in (finished.folder, exact)]
    assert weights[0] == weights[1]


def test_exact_repeats_to_the_last_bit(exact, again):
    twice = again(arithmetic="exact")
    assert without_times(twice) == without_times(exact)
    beside = compare(twice, exact)
    assert beside.equal
    assert {each.images for each in beside.images} == {"same"}
    assert all(each.paired for each in beside.differences if each.p is not None)
    assert {each.p for each in beside.differences} == {1.0, None}
    for key in ("advencoder_per", "l4a_base"):
        assert RunFolder(twice).attack(key).read_bytes() == RunFolder(exact).attack(key).read_bytes()


def test_the_arithmetics_do_differ(finished, exact):
    if not torch.cpu._is_avx512_bf16_supported():
        pytest.skip("this processor does not multiply bfloat16")
    files = [RunFolder(folder).attack("advencoder_per").read_bytes() for folder in (finished.folder, exact)]
    assert files[0] != files[1]
