"""What was audited, against whom, and on what: subject, threat model, data."""

from __future__ import annotations

from collections.abc import Iterator

from reportlab.platypus import Flowable

from zepad_engine.card import EncoderCard
from zepad_engine.report import card_words
from zepad_engine.report.numbers import budget, in_text, split_counts, wilson
from zepad_engine.report.pdf.blocks import bullets, facts, heading, table, text
from zepad_engine.report.view import View
from zepad_engine.report.wording import disjointness


def subject(view: View) -> Iterator[Flowable]:
    """The audited encoder and the auxiliary one."""
    yield heading("Subject")
    yield text("The audited encoder, in the hands of the public", "small heading")
    yield from facts(_card(view.report.subject.card))
    yield text("The auxiliary encoder, chosen by the defender", "small heading")
    yield from facts(_card(view.report.auxiliary))


def _card(card: EncoderCard) -> Iterator[tuple[str, object]]:
    yield "Name", card.name
    yield "Architecture", card_words.architecture(card)
    yield "Size", card_words.size(card)
    yield "Training", card_words.training(card)
    mean, std = (", ".join(f"{value:g}" for value in values) for values in (card.mean, card.std))
    yield "Normalisation", f"inside the encoder: mean {mean}; deviation {std}"
    if card.probe is not None:
        probe = card.probe
        reached = in_text(wilson(probe.accuracy, probe.test_images))
        chance = in_text(wilson(probe.random_accuracy, probe.test_images))
        yield "Linear probe", f"{probe.data}, {probe.classes} classes: {reached}; random weights {chance}"
    yield "SHA-256", card.sha256 or "not recorded"
    for name, words in (
        ("Licence", card.licence),
        ("Left out of the file", ", ".join(card.keys_ignored)),
        ("Remarks", " ".join(card.remarks)),
        ("Assumed", " ".join(card.assumptions)),
    ):
        if words:
            yield name, words


def threat(view: View) -> Iterator[Flowable]:
    """Who attacks."""
    yield heading("Threat model")
    yield from bullets(view.report.threat_model)
    yield text(
        f"Budget of every attack: {budget(view.report.plan.epsilon_255)} of the full range, in the L∞ norm,"
        " on images in [0, 1]."
    )


def data(view: View) -> Iterator[Flowable]:
    """The image sets, and whether they share pictures."""
    yield heading("Data")
    found = view.report.data
    yield text(disjointness(found))
    yield from table(
        ("Role and set", "Classes", "Images per split", "Shares pictures with", "Source and digest"),
        [
            (
                f"{each.role}: {each.name}",
                f"{each.classes or '–'}",
                split_counts(each),
                ", ".join(each.shared_with) or "none",
                f"{each.source}; {each.sha256[:16]}…",
            )
            for each in found
        ],
        widths=(104, 38, 96, 62, 193),
        caption="Image sets as used. The digest covers pictures, labels and splits.",
        torn=True,
    )
