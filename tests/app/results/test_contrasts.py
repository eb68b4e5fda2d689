import msgspec

from tests.support.sample_report import sample_report
from zepad_app.results.contrasts import attacks_of, contrasts, worst_attack


def test_each_task_has_a_clean_and_an_attacked_dumbbell():
    report = sample_report()
    found = contrasts(report, "advencoder_per")
    assert [(row.task, row.attacked) for row in found[:4]] == [
        ("emoji", False),
        ("emoji", True),
        ("signs", False),
        ("signs", True),
    ]
    cells = {(c.defence, c.attack, c.task): c for c in report.cells}
    assert found[0].undefended == cells["undefended", "none", "emoji"].ba
    assert found[1].zepad == cells["zepad", "advencoder_per", "emoji"].ra
    assert found[1].controls["random_encoder"] == cells["random_encoder", "advencoder_per", "emoji"].ra
    assert found[1].gain == found[1].zepad.value - found[1].undefended.value


def test_the_worst_attack_leaves_the_undefended_encoder_least():
    report = sample_report()
    assert worst_attack(report) == "advencoder_per"
    milder = tuple(cell for cell in report.cells if cell.attack != "advencoder_per")
    assert worst_attack(msgspec.structs.replace(report, cells=milder)) == "l4a_base"
    assert attacks_of(report) == ("advencoder_per", "l4a_base", "sign_noise")


def test_a_task_without_zepad_is_left_out():
    report = sample_report()
    cells = tuple(c for c in report.cells if not (c.task == "emoji" and c.defence == "zepad"))
    found = contrasts(msgspec.structs.replace(report, cells=cells), "advencoder_per")
    assert "emoji" not in {row.task for row in found}
    assert "signs" in {row.task for row in found}
