"""What each job works on, in a word or two: several of a stage run side by side, and who watches must tell them apart.

Torch-free.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Final

from zepad_engine.branches import BRANCHES, Branch
from zepad_engine.catalogue import Catalogue
from zepad_engine.jobs.job import Job
from zepad_engine.plan import SAMPLE_PREFIX

# What tells the jobs of a kind apart: their arguments, in the order in which they are said.
_NAMING: Final = {
    "craft": ("attack",),
    "answer": ("task",),
    "adapt": ("defence", "attack"),
    "trust": ("defence",),
    "measure": ("task",),
    "evaluate": ("task",),
}


def subjects(jobs: Iterable[Job], catalogue: Catalogue) -> dict[str, str]:
    """The subject of each job by its key; "" where the stage says it all."""
    entries = (*catalogue.attacks, *catalogue.adaptive, *catalogue.defences)
    names = {entry.key: entry.name for entry in entries}
    names |= {_sample(task.key): task.name.partition(",")[0] for task in catalogue.tasks}
    return {job.key: _subject(job, names) for job in jobs}


def told_of(subject: str, note: str) -> str:
    """A job's note, after what it is about unless it says so itself."""
    if not subject or not note or note.lower().startswith(subject.lower()):
        return note
    return f"{subject}, {note}"


def _subject(job: Job, names: dict[str, str]) -> str:
    if job.kind == "purify":
        return "purifier"
    if job.kind == "tune":
        recipe = BRANCHES[_branch(job.args["branch"])]
        return (recipe.of or "") if recipe.method == "zepad" else names.get(recipe.method, recipe.method)
    return ": ".join(_named(job.args[name], names) for name in _NAMING.get(job.kind, ()))


def _branch(key: str) -> Branch:
    return next(branch for branch in BRANCHES if branch == key)


def _sample(key: str) -> str:
    return key if key.startswith(SAMPLE_PREFIX) else SAMPLE_PREFIX + key


def _named(identity: str, names: dict[str, str]) -> str:
    """A choice by its entry's name and its own; a set by its name."""
    if identity in names:
        return names[identity]
    key, _, own = identity.partition("-")
    return f"{names[key]} ({own})" if key in names else PurePath(identity).stem
