from __future__ import annotations

import msgspec
import pytest

from zepad_engine.errors import BadPlan
from zepad_engine.plan import (
    AuditPlan,
    Choice,
    OfficialSwitches,
    Tuning,
    imported_choice,
    plan_from_json,
    plan_to_json,
    set_name,
    set_place,
    without_folders,
)
from zepad_engine.plan_checks import require_sound, troubles


def replaced(dotted: str, value: object) -> AuditPlan:
    plan, (*outer, name) = AuditPlan(), dotted.split(".")
    if not outer:
        return msgspec.structs.replace(plan, **{name: value})
    part = msgspec.structs.replace(getattr(plan, outer[0]), **{name: value})
    return msgspec.structs.replace(plan, **{outer[0]: part})


def test_the_default_plan_is_sound():
    assert troubles(AuditPlan()) == ()
    require_sound(AuditPlan())


NAN = float("nan")
OUT_OF_RANGE = [
    ("epsilon_255", -1, "epsilon_255 must lie between 0 and 255; it is -1."),
    ("epsilon_255", 256, "epsilon_255 must lie between 0 and 255; it is 256."),
    ("epsilon_255", NAN, "epsilon_255 must lie between 0 and 255; it is nan."),
    ("surrogate_images", 15, "surrogate_images must lie between 16 and 1e+06; it is 15."),
    ("seed", -1, "seed must lie between 0 and 2.14748e+09; it is -1."),
    ("workers", 257, "workers must lie between 0 and 256; it is 257."),
    ("tuning.images", 63, "tuning.images must lie between 64 and 1e+07; it is 63."),
    ("tuning.epochs", 0, "tuning.epochs must lie between 1 and 1000; it is 0."),
    ("tuning.batch", 1, "tuning.batch must lie between 2 and 4096; it is 1."),
    ("tuning.encoder_rate", NAN, "tuning.encoder_rate must lie between 1e-07 and 1; it is nan."),
    ("tuning.head_rate", 2, "tuning.head_rate must lie between 1e-07 and 1; it is 2."),
    ("tuning.step_255", -0.5, "tuning.step_255 must lie between 0 and 255; it is -0.5."),
    ("tuning.weight", float("inf"), "tuning.weight must lie between 0 and 10000; it is inf."),
    ("benign.epochs", 0, "benign.epochs must lie between 1 and 1000; it is 0."),
    ("heads.test_images", 3, "heads.test_images must lie between 16 and 1e+07; it is 3."),
    ("detector.target_fpr", 0, "detector.target_fpr must lie between 0.001 and 0.5; it is 0."),
]


@pytest.mark.parametrize(("field", "value", "sentence"), OUT_OF_RANGE)
def test_a_number_out_of_range_is_one_trouble_of_that_field(field, value, sentence):
    (found,) = troubles(replaced(field, value))
    assert (found.field, found.sentence) == (field, sentence)
    with pytest.raises(BadPlan) as caught:
        require_sound(replaced(field, value))
    assert (caught.value.sentence, caught.value.code) == (sentence, f"plan.{field}")


CONTRADICTIONS = [
    ("encoder", "", "The plan names no encoder."),
    ("local_set", "", "The plan names no local set."),
    ("tasks", (), "The plan names no tasks."),
    ("tasks", ("sample:emoji", "sample:emoji"), "The plan names one of its tasks twice."),
    ("attacks", (), "The plan names no attacks."),
    ("attacks", (Choice(key="a"), Choice(key="a", values={"steps": 2})), "The plan names one of its attacks twice."),
    ("defences", (), "The plan names no defences."),
    ("attacks", (Choice(key="imported"),), "The imported perturbation names no file."),
    ("attacks", (Choice(key="a", name="../b"),), "'../b' cannot name an attack: use a-z, 0-9, - and _."),
    ("attacks", (Choice(key="a", name="B"),), "'B' cannot name an attack: use a-z, 0-9, - and _."),
    ("attacks", (Choice(key="a", name="b\n"),), "'b\\n' cannot name an attack: use a-z, 0-9, - and _."),
    ("attacks", (Choice(key="a", name="b"), Choice(key="a", name="b")), "The plan names one of its attacks twice."),
    ("defences", (Choice(key="a", name="B"),), "'B' cannot name a defence: use a-z, 0-9, - and _."),
    (
        "adaptive.attacks",
        (Choice(key="a"), Choice(key="a")),
        "The plan names one of its adaptive attacks twice.",
    ),
    ("adaptive.attacks", (Choice(key="a", name="B"),), "'B' cannot name an attack: use a-z, 0-9, - and _."),
]


@pytest.mark.parametrize(("field", "value", "sentence"), CONTRADICTIONS)
def test_what_is_missing_or_there_twice_is_named(field, value, sentence):
    (found,) = troubles(replaced(field, value))
    assert (found.field, found.sentence) == (field, sentence)


def test_attacks_of_one_key_are_told_apart_by_their_names():
    choices = (Choice(key="a"), Choice(key="a", name="b"), Choice(key="a", name="b-2"))
    assert [choice.identity for choice in choices] == ["a", "a-b", "a-b-2"]
    assert troubles(replaced("attacks", choices)) == ()


def test_imported_perturbations_are_named_after_their_files():
    files = ("x/UAP of r50.npy", "y/uap_of-r50.pt", "z/UAP OF r50.png", "UAP of R50.npz", "雪.npy", f"{'a' * 90}.npy")
    attacks = ()
    for file in files:
        attacks = (*attacks, imported_choice(file, attacks))
    assert [choice.identity for choice in attacks] == [
        "imported-uap-of-r50",
        "imported-uap_of-r50",
        "imported-uap-of-r50-2",
        "imported-uap-of-r50-3",
        "imported-file",
        f"imported-{'a' * 36}",
    ]
    assert [choice.values for choice in attacks] == [{"file": file} for file in files]
    assert troubles(replaced("attacks", attacks)) == ()


def test_a_plan_from_before_names_reads_as_it_did():
    plan = plan_from_json('{"encoder": "a.pt", "attacks": [{"key": "l4a_base", "values": {"steps": 3}}]}')
    assert plan.attacks == (Choice(key="l4a_base", values={"steps": 3}),)
    assert plan.attacks[0].identity == "l4a_base"


@pytest.mark.parametrize(
    ("key", "bare"),
    [
        ("sample:emoji", "sample:emoji"),
        ("/home/zz_a/sets/birds.zip", "birds.zip"),
        (r"C:\Users\zz_a\birds", "birds"),
        ("torchvision:cifar10:/home/zz_a/sets/", "torchvision:cifar10:sets"),
        ("named:birds-12ab34:/elsewhere/birds.zip", "birds.zip"),
        ("advencoder_per-second", "advencoder_per-second"),
    ],
)
def test_random_draws_do_not_depend_on_folders(key, bare):
    assert without_folders(key) == bare


def test_a_named_set_keeps_its_name_wherever_it_lies():
    first = set_name("/home/zz_a/birds.zip")
    assert set_name(f"named:{first}:/elsewhere/birds.zip") == first
    assert set_place(f"named:{first}:torchvision:cifar10:/x") == "torchvision:cifar10:/x"
    assert set_place("sample:emoji") == "sample:emoji"


def test_the_victim_cannot_be_its_own_auxiliary():
    (found,) = troubles(msgspec.structs.replace(AuditPlan(), auxiliary=AuditPlan().encoder))
    assert found.field == "auxiliary"
    assert "is the victim itself" in found.sentence


def test_every_trouble_is_told_not_only_the_first():
    plan = msgspec.structs.replace(AuditPlan(), epsilon_255=300, tasks=(), tuning=Tuning(epochs=0))
    assert {trouble.field for trouble in troubles(plan)} == {"epsilon_255", "tasks", "tuning.epochs"}


def test_a_plan_comes_back_as_it_was_written():
    plan = AuditPlan(
        seed=7,
        attacks=(Choice(key="l4a_base", values={"steps": 12, "clamp": False, "step_size": 2e-4}),),
        mode="official",
        switches=OfficialSwitches(no_clamp=True),
    )
    assert plan_from_json(plan_to_json(plan)) == plan
    assert plan_to_json(plan).startswith(b'{\n  "schema_version": 1,')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"seed": "three"}',
        '{"from_the_future": 1}',
        '{"tuning": {"from_the_future": 1}}',
        '{"mode": "loud"}',
        '{"attacks": [{"name": "l4a_base"}]}',
        b"\x80\x04pickle",
        '{"seed": 1',
    ],
)
def test_what_is_no_plan_of_this_version_is_refused_with_a_sentence(text):
    with pytest.raises(BadPlan, match="This is not an audit plan of version 1"):
        plan_from_json(text)


@pytest.mark.parametrize("text", ["{}", '{"seed": 3}', '{"schema_version": 1, "auxiliary": "a.pt"}'])
def test_a_plan_that_does_not_say_what_to_audit_is_refused(text):
    with pytest.raises(BadPlan) as refused:
        plan_from_json(text)
    assert (refused.value.code, refused.value.sentence) == ("plan.encoder", "The plan names no encoder.")
    assert plan_from_json('{"encoder": "mine.pt"}') == AuditPlan(encoder="mine.pt")


def test_all_on_turns_every_switch_on():
    switches = OfficialSwitches.all_on()
    assert all(getattr(switches, name) for name in OfficialSwitches.__struct_fields__)
    assert len(OfficialSwitches.__struct_fields__) == 9


def test_a_plan_that_says_it_is_of_another_version_is_refused():
    with pytest.raises(BadPlan, match="The plan has version 2; this program reads version 1."):
        plan_from_json('{"schema_version": 2}')
