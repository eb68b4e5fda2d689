import msgspec
import pytest

from tests.support.sample_detection import sample_detection
from tests.support.sample_rates import rate
from tests.support.sample_report import sample_report
from zepad_app.results import wording
from zepad_engine.evidence import Rate


def test_a_rate_is_said_with_one_decimal_and_half_its_interval():
    found = Rate(value=0.732, n=2000, low=0.713, high=0.751)
    assert wording.rate_text(found) == "73.2 % ±1.9"
    assert wording.rate_hint(found) == "73.2 % of 2,000 images; 95 % interval 71.3 to 75.1 %"


def test_what_was_not_measured_is_a_dash():
    assert wording.rate_text(None) == "–"
    assert wording.rate_hint(None) == "Not measured here."


@pytest.mark.parametrize(
    ("low", "value", "high", "words"),
    [
        (0.48, 0.51, 0.54, "is no better than chance (AUROC 0.51 [0.48, 0.54])."),
        (0.50, 0.53, 0.56, "is no better than chance"),
        (0.40, 0.43, 0.46, "is worse than chance (AUROC 0.43 [0.40, 0.46])"),
        (0.86, 0.89, 0.92, "beats chance (AUROC 0.89 [0.86, 0.92])"),
    ],
)
def test_the_sentence_on_the_detector_follows_from_the_interval(low, value, high, words):
    found = msgspec.structs.replace(sample_detection()[0], auroc=Rate(value=value, n=600, low=low, high=high))
    sentence = wording.detector_sentence(found, "satellite")
    assert sentence.startswith("On satellite the detector ")
    assert words in sentence


def test_a_working_detector_says_what_it_catches_and_what_it_costs():
    found = msgspec.structs.replace(
        sample_detection()[0],
        auroc=Rate(value=0.9, n=600, low=0.87, high=0.93),
        tpr=rate(0.49, 1000),
        achieved_fpr=rate(0.03, 1000),
    )
    assert "catches 49 of 100 perturbed images and falsely flags 3 of 100 clean ones" in wording.detector_sentence(
        found, "signs"
    )


def test_names_come_from_the_report_and_unknown_keys_become_words():
    report = sample_report()
    assert wording.task_name(report, "signs") == "Traffic signs"
    assert wording.task_name(report, "bird_songs") == "Bird songs"
    assert wording.attack_name(report, "l4a_base") == "PAP L4A-base"
    assert wording.attack_name(report, "none") == "Clean images"
    assert wording.defence_name("my_defence") == "My defence"


def test_a_task_of_the_user_is_found_by_the_name_its_cells_carry():
    report = sample_report()
    owls = msgspec.structs.replace(report.data[0], key="owls-1a2b3c", name="My owls")
    report = msgspec.structs.replace(report, data=(*report.data, owls))
    assert wording.task_name(report, "owls-1a2b3c") == "My owls"


def test_no_line_ends_inside_an_interval_or_a_number_of_images():
    said = wording.unbroken("keeps 79.1 % [76.9, 81.0] (n = 64).")
    assert said == "keeps 79.1\u00a0% [76.9,\u00a081.0] (n\u00a0=\u00a064)."
