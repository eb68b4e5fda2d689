from __future__ import annotations

import msgspec
import pytest

from zepad_engine.attacks.registry import ATTACKS, build_attack
from zepad_engine.describe import describe
from zepad_engine.plan import AuditPlan, BenignTraining, Choice, Detector
from zepad_engine.plan_checks import troubles
from zepad_engine.presets import PRESETS, with_preset

KNOWN = describe()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_makes_a_sound_plan_whose_attacks_can_be_built(preset):
    plan = with_preset(AuditPlan(), preset, KNOWN)
    assert plan.preset == preset
    assert troubles(plan) == ()
    assert [choice.key for choice in plan.attacks] == [choice.key for choice in AuditPlan().attacks]
    for choice in plan.attacks:
        build_attack(choice)


def test_presets_grow_in_work():
    quick, standard, paper = (with_preset(AuditPlan(), preset, KNOWN) for preset in PRESETS)
    for field in ("images", "epochs"):
        sizes = [getattr(plan.tuning, field) for plan in (quick, standard, paper)]
        assert sizes == sorted(sizes)
        assert sizes[0] < sizes[-1]
    for index in range(2):
        steps = [build_attack(plan.attacks[index]).total_steps for plan in (quick, standard, paper)]
        assert steps[0] < steps[1] < steps[2]


def test_the_paper_preset_repeats_the_published_settings():
    plan = with_preset(AuditPlan(), "paper", KNOWN)
    tuning = plan.tuning
    assert (tuning.epochs, tuning.batch, tuning.encoder_rate, tuning.head_rate) == (20, 256, 1e-4, 5e-3)
    assert tuning.epsilon_255 / 255 == pytest.approx(0.03)
    assert tuning.step_255 / 255 == pytest.approx(0.007)
    assert (tuning.steps, tuning.random_start, tuning.schedule, tuning.decay) == (10, False, "exponential", 0.96)
    assert (tuning.regularisation, tuning.weight, tuning.warm_start) == ("fixed", 20.0, False)
    assert (plan.heads.epochs, plan.heads.batch, plan.heads.rate, plan.heads.dropout) == (20, 256, 5e-3, 0.2)
    attack = build_attack(plan.attacks[0])
    assert (attack.latents, attack.divisor, attack.rate, attack.batch) == (256, 1, 2e-4, 256)
    assert (attack.adversarial, attack.quality, attack.frequency, attack.temperature) == (5.0, 1.0, 1.0, 0.1)
    assert plan.detector.margin == 0.1


def test_a_preset_leaves_what_the_user_chose():
    plan = AuditPlan(
        seed=9,
        epsilon_255=4.0,
        tasks=("sample:signs",),
        benign=BenignTraining(source="auxiliary"),
        detector=Detector(confidence="m"),
        attacks=(Choice(key="sign_noise"), Choice(key="l4a_base", values={"stage": 2})),
    )
    after = with_preset(plan, "quick", KNOWN)
    for field in ("seed", "epsilon_255", "tasks", "detector", "encoder", "local_set"):
        assert getattr(after, field) == getattr(plan, field)
    assert after.benign.source == "auxiliary"
    assert after.attacks == (
        Choice(key="sign_noise"),
        Choice(key="l4a_base", values=ATTACKS["l4a_base"].presets["quick"]),
    )


def test_a_preset_leaves_an_imported_perturbation_its_file_and_its_name():
    mine = Choice(key="imported", values={"file": "uap.npy"}, name="uap")
    plan = msgspec.structs.replace(AuditPlan(), attacks=(mine, Choice(key="l4a_base", name="long")))
    first, second = with_preset(plan, "quick", KNOWN).attacks
    assert first == mine
    assert second == Choice(key="l4a_base", name="long", values=ATTACKS["l4a_base"].presets["quick"])


def test_an_attack_without_presets_is_left_at_its_defaults():
    plan = msgspec.structs.replace(AuditPlan(), attacks=(Choice(key="unheard_of", values={"steps": 3}),))
    assert with_preset(plan, "quick", KNOWN).attacks == (Choice(key="unheard_of"),)
