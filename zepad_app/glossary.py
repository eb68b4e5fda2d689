"""Terms of art, each explained in a sentence: ``assets/help/glossary.json``, read once. No Qt."""

from __future__ import annotations

from functools import cache

import msgspec

from zepad_engine.resources import asset


@cache
def glossary() -> dict[str, str]:
    """The terms, each in a sentence."""
    return msgspec.json.decode(asset("help", "glossary.json").read_bytes(), type=dict[str, str])


def explain(term: str) -> str:
    """What a term of art means, in a sentence; "" for one the glossary lacks.

    A term is found by the words before or inside its brackets, and in the plural: BA, benign accuracy, false alarms.
    """
    word = term.strip().lower()
    return _by_word().get(word, "") or _by_word().get(word.removesuffix("s"), "")


@cache
def _by_word() -> dict[str, str]:
    found = {}
    for term, meaning in glossary().items():
        name, _, other = term.rstrip(")").partition(" (")
        for word in (term, name, other):
            if word:
                found[word.lower()] = meaning
    return found
