import msgspec
import pytest

from tests.support.sample_judgement import sample_judged
from tests.support.sample_report import sample_report
from zepad_app.inspection.sentences import (
    agreement_sentence,
    alarm_sentence,
    alarms_of,
    answer_sentence,
    rank_sentence,
    reference_sentence,
)
from zepad_engine.findings import Levels
from zepad_engine.questions import BranchJudgement, ClassScore, MapAgreement


def branches(*answers):
    keys = ("tuned_victim", "tuned_auxiliary", "benign")
    return [
        BranchJudgement(branch=key, top=(ClassScore(name=name, probability=0.9),), m=0.9, c=1.0, weight=0.3)
        for key, name in zip(keys, answers, strict=False)
    ]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (("owl", "owl", "owl"), "All three branches say owl."),
        (("owl", "owl", "cat"), "Two of three branches say owl; the benign branch says cat."),
        (("owl", "cat", "dog"), "All branches disagree: tuned victim owl, tuned auxiliary cat, benign branch dog."),
        (("owl",), ""),
    ],
)
def test_agreement_is_said_in_a_sentence(answers, sentence):
    assert agreement_sentence(branches(*answers)) == sentence


def test_the_label_is_compared_where_there_is_one():
    judged = sample_judged()
    assert answer_sentence(judged) == "right, it is the label"
    assert answer_sentence(msgspec.structs.replace(judged, label="flags")) == "wrong, the label is flags"
    assert answer_sentence(msgspec.structs.replace(judged, label="")) == ""


def with_levels(levels):
    report = sample_report()
    first = msgspec.structs.replace(report.detection[0], levels=levels)
    return msgspec.structs.replace(report, detection=(first, *report.detection[1:]))


def test_false_alarms_at_the_user_s_threshold_come_from_the_nearest_lower_score():
    levels = Levels(
        thresholds=(-1.0, 0.0, 0.5, 0.9), clean_above=(200, 100, 20, 0), perturbed_above=(9, 9, 9, 9), clean_n=200,
        perturbed_n=200,
    )  # fmt: skip
    report = with_levels(levels)
    task = report.detection[0].task
    rates = [alarms_of(report, task, own).value for own in (-5.0, 0.0, 0.7, 0.9, 4.0)]
    assert rates == [1.0, 0.5, 0.1, 0.0, 0.0]
    sentence = alarm_sentence(alarms_of(report, task, 0.7), own=True)
    assert sentence == "At your own threshold 100 of 1,000 clean images are flagged (66 to 149; n = 200)."


def test_what_was_not_measured_is_not_made_up():
    report = with_levels(None)
    task = report.detection[0].task
    assert alarms_of(report, task, None) == report.detection[0].achieved_fpr
    assert alarms_of(report, task, 0.7) is None
    assert alarms_of(report, "unknown", None) is None
    assert alarm_sentence(None, own=True) == "False alarms at your own threshold were not measured in this audit."


def test_rank_correlations_are_said_by_pair_and_by_reference():
    pairs = (
        MapAgreement(first="undefended", second="tuned_victim", rho=0.8),
        MapAgreement(first="undefended", second="benign", rho=-0.25),
        MapAgreement(first="tuned_victim", second="benign", rho=0.1),
    )
    assert rank_sentence(pairs) == (
        "Most alike: undefended and tuned victim (0.80). Least alike: undefended and benign branch (−0.25)."
    )
    assert reference_sentence(pairs, "benign") == (
        "Rank correlation with benign branch: undefended −0.25, tuned victim 0.10."
    )
    assert rank_sentence(()) == ""
