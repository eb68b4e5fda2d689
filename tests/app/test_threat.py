"""The attacker: read off a plan, and deciding what a plan may hold."""

from __future__ import annotations

import msgspec

from tests.support.fake_engine import sample_catalogue
from zepad_app.threat import Threat, covering, need_of, suited, widened
from zepad_engine.catalogue import Entry
from zepad_engine.plan import AuditPlan, Choice
from zepad_engine.presets import with_preset

LEAKED = Entry(key="advencoder_per_on_benign", name="On benign", summary="", citation="", origin="benign")
TRANSFER = Entry(key="transfer", name="Transfer", summary="", citation="", knowledge="transfer")
SAMPLE = sample_catalogue()
CATALOGUE = msgspec.structs.replace(SAMPLE, attacks=(*SAMPLE.attacks, LEAKED), adaptive=(*SAMPLE.adaptive, TRANSFER))


def plan_with(attacks: str = "", adaptive: str = "") -> AuditPlan:
    plan = AuditPlan(attacks=tuple(Choice(key=key) for key in attacks.split()))
    named = tuple(Choice(key=key) for key in adaptive.split())
    return msgspec.structs.replace(plan, adaptive=msgspec.structs.replace(plan.adaptive, attacks=named))


def keys(plan: AuditPlan) -> tuple[list[str], list[str]]:
    return [choice.key for choice in plan.attacks], [choice.key for choice in plan.adaptive.attacks]


def test_the_least_attacker_who_can_do_it_all() -> None:
    assert covering(plan_with("l4a_base sign_noise"), CATALOGUE) == Threat()
    assert covering(plan_with("advencoder_per_on_benign"), CATALOGUE) == Threat(knows="branch")
    assert covering(plan_with("l4a_base", "square transfer"), CATALOGUE) == Threat(asks=True, labels=True)
    assert covering(plan_with("l4a_base", "pgd square"), CATALOGUE) == Threat(knows="system", asks=True)
    assert widened(Threat(asks=True), Threat(knows="branch")) == Threat(knows="branch", asks=True)


def test_what_an_attack_is_crafted_against_may_be_a_field() -> None:
    l4a = next(entry for entry in CATALOGUE.attacks if entry.key == "l4a_base")
    assert need_of(l4a, Choice(key="l4a_base")) == ""
    assert need_of(l4a, Choice(key="l4a_base", values={"origin": "benign"})) == "branch"


def test_a_weaker_attacker_loses_attacks_and_a_stronger_one_gets_the_presets() -> None:
    quick = with_preset(AuditPlan(), "quick", CATALOGUE)
    system, public = covering(quick, CATALOGUE), Threat()
    assert system.knows == "system"
    weak = suited(quick, system, public, CATALOGUE)
    assert keys(weak) == (["advencoder_per", "l4a_base", "sign_noise"], [])
    branch = suited(weak, public, Threat(knows="branch"), CATALOGUE)
    assert keys(branch)[0][-1] == "advencoder_per_on_benign"
    back = suited(branch, Threat(knows="branch"), system, CATALOGUE)
    assert keys(back)[1] == keys(quick)[1]
    assert dict(back.adaptive.attacks[0].values) == dict(quick.adaptive.attacks[0].values)
    # What the user has unticked within the same attacker does not come back.
    assert suited(plan_with("sign_noise"), public, Threat(asks=True), CATALOGUE).attacks == (Choice(key="sign_noise"),)
