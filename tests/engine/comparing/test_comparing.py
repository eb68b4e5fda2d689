"""Two audits laid side by side: figures by hand, which images were the same, and what makes two audits equal."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.support.audit_pair import flags, picture_digests, share, small_report, store_audit
from tests.support.sample_report import sample_report
from zepad_engine.comparing.compare import compare, keep_comparison
from zepad_engine.comparison import comparison_from_json, images_in_words
from zepad_engine.errors import BadInput
from zepad_engine.evidence import WorstCase
from zepad_engine.findings import AuditReport
from zepad_engine.per_image import PerImage, digest_of

replace = msgspec.structs.replace
N = 20


def answers(wrong: np.ndarray, *, first: int = 0, attack: str = "none") -> dict[str, PerImage]:
    """One task, one defence, one condition."""
    return {"signs": PerImage(images=picture_digests(len(wrong), first=first), wrong={("zepad", attack): wrong})}


@pytest.fixture
def lay(tmp_path):
    """Store two audits and compare them; ``keep`` says which of them kept its answers."""

    def beside(one, other, *, keep=(True, True)):
        for name, found, kept in zip("ab", (one, other), keep, strict=True):
            store_audit(tmp_path / name, small_report(found), found if kept else None)
        return compare(tmp_path / "a", tmp_path / "b")

    return beside


def test_the_same_images_are_paired_by_hand(lay):
    # The first is wrong on images 0 to 8, the second on 8 and 9: only the first right on 9, only the second on 0 to 7.
    found = lay(answers(flags(N, *range(9))), answers(flags(N, 8, 9)))
    (only,) = found.differences
    assert (only.paired, only.only_first, only.only_second) == (True, 1, 8)
    assert (only.first.value, only.second.value, only.first.n) == (11 / 20, 18 / 20, 20)
    # McNemar's p is twice the chance of at most one head in nine throws: 2 times (1 + 9) of 512.
    assert only.p == pytest.approx(20 / 512)
    assert only.holm == only.p
    assert only.stands_out
    # Bonett and Price: (9 - 2) / 22, half 1.96 sqrt((9/22 + 2/22 - (7/22)**2) / 22).
    half = 1.959963984540054 * ((11 / 22 - (7 / 22) ** 2) / 22) ** 0.5
    assert only.difference == pytest.approx(7 / 20)
    assert (only.low, only.high) == pytest.approx((7 / 22 - half, 7 / 22 + half))
    assert images_in_words(found) == (
        "The same test images in both, compared image by image: Traffic signs (n = 20).",
        "With fewer than 100 images only large differences can be told from chance.",
    )
    assert found.sentence == (
        "1 of 1 rates differs by more than chance explains: 1 higher in the second audit, none lower."
    )


def test_the_order_of_the_images_does_not_matter(lay):
    one, other = answers(flags(N, 0, 1)), answers(flags(N, 18, 19))
    turned = PerImage(images=other["signs"].images[::-1], wrong=other["signs"].wrong)
    (only,) = lay(one, {"signs": turned}).differences
    assert (only.paired, only.only_first, only.only_second, only.p) == (True, 0, 0, 1.0)


def test_other_images_fall_back_and_say_so(lay):
    found = lay(answers(flags(N, *range(9))), answers(flags(N, 8, 9), first=10))
    (only,) = found.differences
    assert (only.paired, only.only_first, only.only_second) == (False, 0, 0)
    # Wilson gives 0.3421 to 0.7418 and 0.6990 to 0.9721: sides sqrt(.2010^2 + .1918^2) and sqrt(.0721^2 + .2079^2).
    assert (only.low, only.high) == pytest.approx((0.3500 - 0.2778, 0.3500 + 0.2200), abs=2e-4)
    assert only.p == pytest.approx(0.0310, abs=5e-5)
    assert images_in_words(found) == (
        "Other test images, so the rates are compared as those of independent samples, with wider intervals: "
        "Traffic signs (10 of 20 and 20).",
        "With fewer than 100 images only large differences can be told from chance.",
    )


@pytest.mark.parametrize("keep", [(True, False), (False, True), (False, False)])
def test_an_audit_that_kept_no_images_falls_back_and_says_so(lay, keep):
    found = lay(answers(flags(N, 0)), answers(flags(N, 1)), keep=keep)
    assert not found.differences[0].paired
    (said,) = images_in_words(found)
    assert said.startswith("An audit did not keep which test images it asked about")


def test_a_smaller_draw_is_paired_on_its_own_images(lay):
    found = lay(answers(flags(N, 0, 19)), answers(flags(16, 0)))
    (only,) = found.differences
    assert (only.paired, only.first.n, only.second.n) == (True, 16, 16)
    assert only.first.value == only.second.value == 15 / 16
    assert found.images[0].images == "shared"


def test_a_picture_of_another_class_is_another_question():
    picture = np.zeros((3, 2, 2), dtype=np.uint8)
    assert digest_of(picture, "stop") == digest_of(picture.copy(), "stop")
    assert len({digest_of(picture, "stop"), digest_of(picture, "yield"), digest_of(picture + 1, "stop")}) == 3


def test_copies_of_a_picture_are_matched_one_to_one(lay):
    twice = (picture_digests(1)[0],) * 2
    one = {"signs": PerImage(images=twice, wrong={("zepad", "none"): flags(2, 0)})}
    (only,) = lay(one, one).differences
    assert (only.paired, only.first.n, only.first.value, only.second.value) == (True, 2, 0.5, 0.5)


def test_a_damaged_file_of_answers_counts_as_none(lay, tmp_path):
    store_audit(tmp_path / "c", small_report(answers(flags(N, 0))), answers(flags(N, 0)))
    path = tmp_path / "c" / "per_image" / "signs.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    store_audit(tmp_path / "d", small_report(answers(flags(N, 0))), answers(flags(N, 0)))
    assert compare(tmp_path / "c", tmp_path / "d").images[0].images == "unknown"


def test_holm_counts_every_test(lay):
    wrong = {("zepad", "none"): flags(N, *range(9)), ("zepad", "l4a_base"): flags(N)}
    one = {"signs": PerImage(images=picture_digests(N), wrong=wrong)}
    other = {"signs": PerImage(images=picture_digests(N), wrong={**wrong, ("zepad", "none"): flags(N, 8, 9)})}
    found = lay(one, other)
    assert found.tests == 2
    assert [each.holm for each in found.differences] == pytest.approx([40 / 512, 1.0])
    assert found.sentence == (
        "None of 2 rates differs by more than chance explains; the intervals say how far they may be apart."
    )


def whole(**changes) -> AuditReport:
    return replace(sample_report(), **changes)


def test_times_alone_leave_two_audits_equal(tmp_path):
    one = whole()
    slower = tuple(replace(attack, seconds=attack.seconds + 5) for attack in one.attacks)
    other = whole(run="again", created_utc="2027-01-01T00:00:00+00:00", timings={"wall": 9.0}, attacks=slower)
    store_audit(tmp_path / "a", one)
    store_audit(tmp_path / "b", other)
    found = compare(tmp_path / "a", tmp_path / "b")
    assert found.equal
    assert (found.unlike, found.plan) == ((), ())
    assert all(fact.same for fact in found.facts)
    assert found.sentence == "Nothing differs between the two audits but times."
    assert {each.difference for each in found.differences} == {0.0}


def test_what_differs_is_named(tmp_path):
    one = whole()
    attacks = (replace(one.attacks[0], sha256="0" * 64), *one.attacks[1:])
    store_audit(tmp_path / "a", one)
    store_audit(tmp_path / "b", whole(attacks=attacks, plan=replace(one.plan, seed=1)))
    found = compare(tmp_path / "a", tmp_path / "b")
    assert not found.equal
    assert [(change.field, change.first, change.second) for change in found.plan] == [("Seed", "0", "1")]
    assert [unlike.place for unlike in found.unlike] == ["plan.seed", "attacks[0].sha256"]
    unlike = [fact.name for fact in found.facts if not fact.same]
    assert unlike == [one.attacks[0].name]
    moved = {each.attack for each in found.differences if not each.same_attack}
    assert moved == {one.attacks[0].key, "worst"}


def test_every_rate_two_reports_share_is_compared(tmp_path):
    one = whole()
    store_audit(tmp_path / "a", one)
    store_audit(tmp_path / "b", whole(run="b"))
    found = compare(tmp_path / "a", tmp_path / "b")
    about = [each.about for each in found.differences]
    tasks = {row.task for row in one.detection}
    assert about.count("universal") == len(one.cells)
    assert about.count("adaptive") == len(one.adaptive)
    assert about.count("detection") == 2 * len(one.detection) + len(tasks)
    assert about.count("worst") == sum(case.scope == "universal" for case in one.worst)
    assert found.tests == len(found.differences) - len(one.detection)
    assert {each.p for each in found.differences if each.measure == "AUROC"} == {None}


def test_means_are_over_tasks_neither_defender_tuned_on(tmp_path):
    one = whole()
    store_audit(tmp_path / "a", one)
    other = tuple(replace(mean, tasks=mean.tasks[1:]) if mean.unseen else mean for mean in one.averages)
    store_audit(tmp_path / "b", whole(averages=other))
    found = compare(tmp_path / "a", tmp_path / "b")
    unseen = {mean.tasks for mean in found.means if mean.unseen}
    assert unseen == {("satellite", "fashion")}


def test_attacks_on_systems_are_paired_by_the_images_they_were_tried_on(tmp_path):
    adaptive = next(found for found in sample_report().adaptive if found.task == "signs" and found.defence == "zepad")
    for name, wrong, rows in (("a", (1, 1, 1, 0), (2, 5, 7, 9)), ("b", (0, 1, 0, 0), (9, 7, 5, 2))):
        kept = answers(flags(N))
        store_audit(tmp_path / name, small_report(kept, adaptive=(adaptive,)), kept)
        path = tmp_path / name / "adaptive" / "signs" / "zepad" / f"{adaptive.attack}.safetensors"
        path.parent.mkdir(parents=True)
        save_file({"rows": np.array(rows), "wrong": np.array(wrong, dtype=np.uint8)}, path)
    found = compare(tmp_path / "a", tmp_path / "b")
    (only,) = (each for each in found.differences if each.about == "adaptive")
    # By image 2, 5, 7, 9: the first is right on 9, the second on 2, 5 and 9.
    assert (only.paired, only.first.n, only.only_first, only.only_second) == (True, 4, 0, 2)


def test_the_worst_case_is_paired_over_clean_images_and_every_attack(tmp_path):
    case = WorstCase(scope="universal", defence="zepad", task="signs", attacks=("l4a_base",), accuracy=share(17, N))
    for name, wrong in (("a", {"none": (0,), "l4a_base": (1, 2)}), ("b", {"none": (2,), "l4a_base": (2, 3)})):
        found = {("zepad", attack): flags(N, *rows) for attack, rows in wrong.items()}
        kept = {"signs": PerImage(images=picture_digests(N), wrong=found)}
        store_audit(tmp_path / name, small_report(kept, worst=(case,)), kept)
    (only,) = (each for each in compare(tmp_path / "a", tmp_path / "b").differences if each.about == "worst")
    # Wrong at least once: 0, 1, 2 in the first, 2, 3 in the second.
    assert (only.paired, only.first.value, only.second.value) == (True, 17 / N, 18 / N)
    assert (only.only_first, only.only_second) == (1, 2)


def test_a_task_from_another_place_is_known_by_its_digest(tmp_path):
    kept = answers(flags(N, 0))
    one = small_report(kept)
    moved = {"signs-abc123": kept["signs"]}
    data = tuple(replace(each, key="signs-abc123") if each.key == "signs" else each for each in one.data)
    store_audit(tmp_path / "a", one, kept)
    store_audit(tmp_path / "b", small_report(moved, data=data), moved)
    found = compare(tmp_path / "a", tmp_path / "b")
    assert [(each.task, each.paired) for each in found.differences] == [("signs", True)]
    assert found.only_first == found.only_second == ()


def test_what_only_one_audit_has_is_named(tmp_path):
    one = whole()
    fewer = tuple(cell for cell in one.cells if cell.defence != "mean_fusion" and cell.attack != "sign_noise")
    store_audit(tmp_path / "a", one)
    store_audit(tmp_path / "b", whole(cells=fewer))
    found = compare(tmp_path / "a", tmp_path / "b")
    assert set(found.only_first) == {found.names["mean_fusion"], found.names["sign_noise"]}
    assert found.only_second == ()


def test_an_unfinished_or_spoiled_or_same_folder_is_refused(tmp_path):
    store_audit(tmp_path / "a", whole())
    (tmp_path / "b").mkdir()
    with pytest.raises(BadInput, match="holds no finished audit"):
        compare(tmp_path / "a", tmp_path / "b")
    (tmp_path / "b" / "report.json").write_text("{}")
    with pytest.raises(BadInput, match="cannot be read by this version"):
        compare(tmp_path / "a", tmp_path / "b")
    with pytest.raises(BadInput, match="with itself"):
        compare(tmp_path / "a", tmp_path / "b" / ".." / "a")


def test_a_kept_comparison_reads_back_and_old_ones_go(tmp_path, monkeypatch):
    monkeypatch.setenv("ZEPAD_HOME", str(tmp_path / "home"))
    store_audit(tmp_path / "a", whole())
    store_audit(tmp_path / "b", whole(run="b"))
    place = tmp_path / "home" / "cache" / "comparisons"
    place.mkdir(parents=True)
    for number in range(30):
        (place / f"{number}.json").touch()
    path = keep_comparison(tmp_path / "a", tmp_path / "b")
    assert comparison_from_json(path.read_bytes()) == compare(tmp_path / "a", tmp_path / "b")
    assert len(list(place.iterdir())) == 20
