"""The words of a report, each from numbers chosen so that the sentence is known beforehand."""

from __future__ import annotations

import re

import msgspec
import pytest

from zepad_engine.adaptive_words import detector_words, percent
from zepad_engine.averages import averages_of
from zepad_engine.evidence import AdaptiveFinding, Light, Rate, WorstCase
from zepad_engine.findings import AttackFinding, Cell, DataFinding, Detection
from zepad_engine.intervals import wilson
from zepad_engine.plan import AuditPlan, BenignTraining, Choice
from zepad_engine.verdict import Tried, limits_of, not_shown, summarise, threat_model, warnings_of

PLAN = AuditPlan(
    tasks=("sample:emoji", "sample:signs"), attacks=(Choice(key="l4a_base"), Choice(key="sign_noise")), epsilon_255=8
)


def attack(key, name, origin="victim"):
    return AttackFinding(
        key=key,
        name=name,
        citation="",
        recipe="",
        origin=origin,
        seed=0,
        seconds=0,
        steps=1,
        linf_255=8,
        saturated=0,
        sha256="",
        file="",
    )


ATTACKS = (attack("l4a_base", "L4A"), attack("sign_noise", "Noise"))


def cells(table, n=1000):
    """``table``: defence to (BA, RA under l4a_base, RA under sign_noise) in thousandths; emoji always at 1000."""
    for defence, (clean, *moved) in table.items():
        for task, shift in (("emoji", n), ("signs", None)):
            ba = wilson(clean if shift is None else shift, n)
            yield Cell(defence=defence, attack="none", task=task, epsilon_255=0.0, ba=ba)
            for key, right in zip(("l4a_base", "sign_noise", "on_benign"), moved, strict=False):
                ra = wilson(right if shift is None else shift, n)
                yield Cell(defence=defence, attack=key, task=task, epsilon_255=8, ba=ba, ra=ra, asr=wilson(0, n))


def verdict(table, plan=PLAN, detection=(), attacks=ATTACKS):
    return summarise(plan, averages_of(cells(table), plan), detection, attacks)


def test_a_defence_that_wins():
    said = verdict({"undefended": (800, 500, 790), "zepad": (790, 700, 780)})
    assert said.verdict == (
        "One perturbation of 8/255 takes this encoder from 80.0 to 50.0 %; ZePAD keeps 70.0 % [67.1, 72.8]."
    )
    assert re.match(
        r"Mean over 1 task the defender did not tune on, n = 1,000 test images, 95 % intervals in brackets\."
        r" Under L4A, the strongest attack on the public encoder:"
        r" undefended 80\.0 % \[77\.., 82\..\] clean, 50\.0 % \[46\.9, 53\.1\] perturbed\."
        r" ZePAD 79\.0 % \[76\.., 81\..\]",
        said.detail,
    )


@pytest.mark.parametrize("robust", [500, 400])
def test_a_defence_that_wins_nothing(robust):
    said = verdict({"undefended": (800, 500, 790), "zepad": (790, robust, 780)})
    assert said.verdict == (
        "One perturbation of 8/255 takes this encoder from 80.0 to 50.0 %; ZePAD keeps no more,"
        f" {percent(wilson(robust, 1000))}."
    )


def test_without_zepad_the_loss_alone_is_told():
    said = verdict({"undefended": (800, 500, 790)})
    assert said.verdict == "One perturbation of 8/255 takes this encoder from 80.0 to 50.0 % [46.9, 53.1]."


def test_without_an_undefended_row_there_is_no_verdict():
    said = verdict({"zepad": (800, 500, 790)})
    assert said.verdict == "This plan has no undefended row, so it cannot say what the encoder loses."


def test_the_control_never_stands_for_an_attack():
    # Noise cost more here; the verdict is still about the attack.
    said = verdict({"undefended": (800, 700, 300), "zepad": (790, 750, 780)})
    assert "from 80.0 to 70.0 %;" in said.verdict


def test_the_attack_that_costs_zepad_most_is_named_where_it_is_another():
    attacks = (*ATTACKS, attack("on_benign", "On benign", origin="benign"))
    table = {"undefended": (800, 500, 790, 780), "zepad": (790, 700, 780, 600), "clean_ensemble": (800, 690, 780, 640)}
    said = verdict(table, attacks=attacks)
    assert "to 50.0 %; ZePAD keeps 70.0 % [" in said.verdict
    assert "What costs ZePAD most is On benign: it keeps 60.0 % [" in said.detail
    assert "(three clean encoders 64.0 % [" in said.detail
    assert "What costs ZePAD most" not in verdict({key: row[:3] for key, row in table.items()}).detail


IMPORTED = (*ATTACKS, msgspec.structs.replace(attack("on_benign", "Mine", origin="elsewhere"), sha256="aa"))


def test_an_imported_perturbation_may_be_the_worst_and_is_never_called_aimed_at_the_encoder():
    said = verdict({"undefended": (800, 500, 790, 400), "zepad": (790, 700, 780, 600)}, attacks=IMPORTED)
    assert "from 80.0 to 40.0 %;" in said.verdict
    assert "Under Mine, the strongest attack tried: undefended 80.0 %" in said.detail
    assert "on the public encoder" not in said.detail
    assert "crafted on encoders without the heads or imported; it says nothing" in said.limits
    milder = verdict({"undefended": (800, 500, 790, 600), "zepad": (790, 700, 780, 600)}, attacks=IMPORTED)
    assert "Under L4A, the strongest attack on the public encoder: undefended" in milder.detail


def test_the_threat_model_does_not_speak_for_what_was_made_elsewhere():
    said = threat_model(PLAN, IMPORTED)
    assert said[-1] == (
        "Made elsewhere and imported: Mine. Against which encoder, from which pictures and with what knowledge is not"
        " known here; of the lines above only goal and power hold for it."
    )
    assert said[:-1] == threat_model(PLAN, ATTACKS)


def test_a_perturbation_that_came_in_twice_is_said_to_be_one():
    twin = msgspec.structs.replace(ATTACKS[0], sha256="aa")
    own = msgspec.structs.replace(PLAN, tasks=("mine",))
    (said,) = warnings_of(own, (), (), (twin, *IMPORTED))
    assert said == "The same perturbation, value for value, and so one attack: L4A, Mine."
    assert warnings_of(own, (), (), IMPORTED) == ()


def test_the_controls_stand_beside_the_verdict():
    table = {
        "undefended": (800, 500, 790),
        "zepad": (790, 700, 780),
        "clean_ensemble": (800, 690, 780),
        "random_encoder": (600, 590, 600),
    }
    detail = verdict(table).detail
    assert "Three clean encoders alone keep 69.0 % [66.1, 71." in detail
    assert "A network never trained keeps 59.0 % [5" in detail


def row(task, value, low, key="l4a_base"):
    nothing = wilson(0, 0)
    return Detection(
        task=task,
        attack=key,
        confidence="c",
        aggregation="mean",
        auroc=Rate(value=value, n=200, low=low, high=1.0),
        threshold=0,
        target_fpr=0.05,
        calibration_n=100,
        achieved_fpr=nothing,
        tpr=nothing,
        fpr_at_1=nothing,
        tpr_at_1=nothing,
        fpr_at_5=nothing,
        tpr_at_5=nothing,
        margin=0.1,
        margin_fpr=nothing,
        margin_tpr=nothing,
    )


TABLE = {"undefended": (800, 500, 790), "zepad": (790, 700, 780)}


def test_a_detector_at_chance_is_called_that():
    said = verdict(TABLE, detection=(row("emoji", 0.51, 0.48), row("signs", 0.45, 0.4)))
    assert said.detail.endswith("The detector is no better than chance on any of the 2 tasks.")


def test_a_detector_that_works_on_some_tasks():
    rows = (row("emoji", 0.9, 0.8), row("signs", 0.52, 0.47), row("signs", 0.99, 0.98, "sign_noise"))
    said = verdict(TABLE, detection=rows)
    assert said.detail.endswith("The detector is better than chance on 1 of 2 tasks (AUROC 0.52 to 0.90).")


def test_warnings_each_for_its_own_reason():
    own = msgspec.structs.replace(PLAN, tasks=("my-signs",))
    assert warnings_of(own, tuple(cells(TABLE)), ()) == ()
    (bundled,) = warnings_of(msgspec.structs.replace(PLAN, tasks=("sample:signs",)), tuple(cells(TABLE)), ())
    assert bundled.startswith("All tasks are bundled samples")
    shared = DataFinding(
        key="sample:signs",
        role="task",
        name="signs",
        counts={},
        classes=2,
        sha256="",
        source="",
        shared_with=("local set", "surrogate set"),
    )
    bad = msgspec.structs.replace(PLAN, mode="official", benign=BenignTraining(source="victim"))
    few = tuple(cells({"undefended": (80, 50, 60)}, n=99))
    benign, small, stand, _bundled, tuned, official = warnings_of(bad, few, (shared,))
    assert "fine-tuned from the victim: it shares that encoder's weaknesses" in benign
    assert small == "Fewer than 100 test images, indicative only: emoji, signs."
    assert stand == "Test images of sample:signs also stand in the local set and the surrogate set."
    assert tuned == "The defender tuned on emoji; that task is left out of the headline averages."
    assert official.startswith("Official mode repeats the faults")
    assert not any("Fewer" in line for line in warnings_of(bad, tuple(cells({"undefended": (80, 50, 60)}, n=100)), ()))


def test_an_attack_that_does_no_more_than_random_signs_is_named():
    own = msgspec.structs.replace(PLAN, tasks=("my-signs",))
    weak, strong = (tuple(cells({"undefended": (800, left, 600), "zepad": (800, 700, 650)})) for left in (600, 599))
    assert warnings_of(own, weak, (), ATTACKS) == (
        "No better than random signs of the same size on any of the 2 tasks, undefended: L4A.",
    )
    assert warnings_of(own, strong, (), ATTACKS) == ()
    # Aimed at another encoder, or a patch, which is no change of that size; or there is no control to compare with.
    for other in (attack("l4a_base", "L4A", "benign"), msgspec.structs.replace(ATTACKS[0], norm="patch")):
        assert warnings_of(own, weak, (), (other, ATTACKS[1])) == ()
    assert warnings_of(own, tuple(cell for cell in weak if cell.attack != "sign_noise"), (), ATTACKS) == ()


def test_what_was_not_shown_speaks_of_attacks_that_know_the_defence():
    first, *_ = lines = not_shown(PLAN)
    assert first == "Attacks that know the defended system: none was run. Such an attack may take the gain back."
    assert any("one seed (0)" in line for line in lines)
    first, second, *_ = not_shown(PLAN, (adaptive("zepad", 30), adaptive("undefended", 1, n=64)))
    assert first.startswith("Attacks on the defended systems were run on 64 test images per task at one budget")
    assert second == "The detector under an attack that aims at it."
    assert not any("aims at it" in line for line in not_shown(PLAN, (adaptive("zepad", 30, evades=True),)))


def adaptive(defence, right, *, n=100, evades=False, name="PGD"):
    rate = wilson(right, n)
    return AdaptiveFinding(
        attack=name.lower(),
        name=name,
        citation="",
        recipe="",
        knowledge="white-box",
        evades=evades,
        defence=defence,
        task="signs",
        epsilon_255=8,
        n=n,
        accuracy=rate,
        clean_accuracy=wilson(n, n),
        asr_of_correct=rate,
        flagged=None,
        evaded=None,
        linf_255=8,
        quantised_255=8,
        steps=20,
        restarts=1,
        queries=1,
        seconds=1,
        seed=0,
    )


def light(colour, defence="zepad"):
    return Light(
        key="zero",
        name="Zero gradients",
        colour=colour,
        statement="12 % of 50 images have none.",
        value=0.12,
        defence=defence,
    )


def test_a_control_is_never_the_strongest_attack():
    control = attack("uniform_noise", "Uniform noise (control)")
    assert [each.is_control for each in (control, *ATTACKS)] == [True, False, True]
    table = {"undefended": (800, 500, 300), "zepad": (790, 700, 780)}
    renamed = (ATTACKS[0], msgspec.structs.replace(control, key="sign_noise"))
    assert "L4A" in verdict(table, attacks=renamed).detail


def test_the_detector_under_attack_is_told_where_it_is_worst():
    def seen(name, area):
        told = msgspec.structs.replace(adaptive("zepad", 30, name=name), auroc=wilson(area, 100))
        return msgspec.structs.replace(told, caught_at_5=wilson(4, 50))

    found = (seen("PGD", 60), seen("Evading", 40), adaptive("zepad", 30, name="Square"))
    assert detector_words(found, {"zepad": "ZePAD"}) == [
        "The detector of ZePAD tells attacked images least under Evading on signs: AUROC 0.40 [0.31, 0.50], n = 100,"
        " and finds 8.0 % [3.2, 18.8] of 50 at the threshold set for 5 % false alarms."
    ]
    assert detector_words((adaptive("zepad", 30),), {}) == []


def test_attacks_on_the_systems_are_told_with_their_worst_and_the_worst_per_image():
    found = (adaptive("undefended", 3), adaptive("zepad", 40), adaptive("zepad", 30, name="Evading"))
    whole = WorstCase(scope="all", defence="zepad", task="signs", attacks=("pgd",), accuracy=wilson(25, 100))
    said = summarise(
        PLAN, averages_of(cells(TABLE), PLAN), (), ATTACKS, Tried(found, (whole,), names={"zepad": "ZePAD"})
    ).detail
    assert said.endswith(
        "Attacked with the whole system in hand, on 100 test images of signs: undefended keeps 3.0 % [1.0, 8.5] under"
        " PGD; ZePAD keeps 30.0 % [21.9, 39.6] under Evading and 25.0 % [17.5, 34.3] if each image meets its worst"
        " attack."
    )
    verdict_too = summarise(PLAN, averages_of(cells(TABLE), PLAN), (), ATTACKS, Tried(found, (whole,))).verdict
    assert verdict_too == (
        f"{verdict(TABLE).verdict[:-1]}, but 25.0 % [17.5, 34.3] once it is attacked itself (n = 100)."
    )
    level = msgspec.structs.replace(whole, accuracy=wilson(66, 100))
    told = summarise(PLAN, averages_of(cells(TABLE), PLAN), (), ATTACKS, Tried(found, (level,))).verdict
    assert ", and 66.0 % [" in told
    assert threat_model(PLAN, ATTACKS, found)[-1].startswith("Beyond the paper, on signs: attacks on the defended")


def test_a_red_light_withholds_the_verdict_and_no_other_does():
    plain = verdict(TABLE).verdict
    for colour, kept in (("green", True), ("amber", True), ("red", False)):
        tried = Tried(lights=(light(colour),), names={"zepad": "ZePAD"})
        said = summarise(PLAN, averages_of(cells(TABLE), PLAN), (), ATTACKS, tried)
        assert (said.verdict == plain) == kept
    assert said.verdict == (
        "No verdict: 1 check on the attacks failed (ZePAD: zero gradients), so their figures cannot be trusted."
        " 12 % of 50 images have none."
    )
    assert said.detail == verdict(TABLE).detail


def test_the_threat_model_names_budget_data_and_knowledge():
    said = " ".join(threat_model(PLAN, ATTACKS))
    assert "L-inf at most 8/255 (0.0314 of the pixel range)" in said
    assert "up to 2,500 pictures" in said
    assert "Not the task, its data, the heads or the defended copies." in said
    assert "as if that branch had leaked" not in said
    leaked = threat_model(PLAN, (attack("on_benign", "On benign", origin="benign"),))
    assert "as if that branch had leaked" in leaked[-1]


def test_no_word_promises_safety():
    texts = [
        *not_shown(PLAN),
        *not_shown(PLAN, (adaptive("zepad", 30),)),
        *threat_model(PLAN, ATTACKS),
        limits_of(PLAN, ATTACKS),
        verdict(TABLE).verdict,
        verdict(TABLE).detail,
    ]
    for word in ("safe", "secure", "certified", "guarantee"):
        assert not [text for text in texts if word in text.lower()]


def test_limits_name_the_attacks_tried():
    assert "(L4A, Noise) at 8/255" in limits_of(PLAN, ATTACKS)
    both = (adaptive("undefended", 3), adaptive("zepad", 40), adaptive("zepad", 30, name="Evading"))
    assert limits_of(PLAN, ATTACKS, both).endswith(
        "without the heads, and for those on the systems themselves (PGD, Evading); it says nothing of stronger ones."
    )


def test_percent_has_its_interval():
    assert percent(wilson(1234, 2000)) == "61.7 % [59.5, 63.8]"
