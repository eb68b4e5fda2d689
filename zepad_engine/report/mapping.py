"""Where an audit touches the catalogues people file risks under; what applies is read off the report, not ticked.

MITRE ATLAS ids and names are those of content release 2026.07, which renamed three of these mitigations (its release
note was read on 27 November 2026; 2026.10 was out then, and its note not at hand). OWASP's are of the Machine Learning
Security Top 10 of 2023, NIST's terms are of AI 100-2 E2025.
"""

from __future__ import annotations

from functools import partial
from typing import Final, Literal, NamedTuple, TypeAlias

from zepad_engine.findings import AuditReport

Fit: TypeAlias = Literal["applies", "loosely", "not"]

ATLAS: Final = "MITRE ATLAS 2026.07"
OWASP: Final = "OWASP ML Top 10, 2023"
NIST: Final = "NIST AI 100-2 E2025"
CATALOGUES: Final = (ATLAS, OWASP, NIST)

IN_WORDS: Final[dict[Fit, str]] = {"applies": "applies", "loosely": "loosely", "not": "does not apply"}


class Entry(NamedTuple):
    """One entry of a catalogue and what this audit has to do with it; ``id`` is empty where there are only terms."""

    catalogue: str
    id: str
    name: str
    fit: Fit
    why: str


def catalogue_entries(report: AuditReport) -> tuple[Entry, ...]:
    """Every entry considered, in the order of ``CATALOGUES``; those that do not apply are named too."""
    return (*_atlas_attacks(report), *_atlas_defences(report), *_owasp(), *_nist(report))


def _row(catalogue: str, id: str, name: str, fits: bool, why: str, otherwise: str = "Not part of this audit.") -> Entry:
    return Entry(catalogue, id, name, "applies" if fits else "not", why if fits else otherwise)


def _atlas_attacks(report: AuditReport) -> tuple[Entry, ...]:
    row = partial(_row, ATLAS)
    known = {found.knowledge for found in report.adaptive}
    made = any(attack.origin != "elsewhere" for attack in report.attacks)
    return (
        row("AML.T0002.001", "Acquire Public AI Artifacts: Models", True, "The attacker starts from a public encoder."),
        row(
            "AML.T0043.000",
            "Craft Adversarial Data: White-Box Optimization",
            made or "white-box" in known,
            "Perturbations are optimised through the weights of encoders"
            + (" and of the defended systems." if "white-box" in known else "."),
        ),
        row(
            "AML.T0043.001",
            "Craft Adversarial Data: Black-Box Optimization",
            "black-box" in known,
            "An attack that only sees answers was run on the systems.",
            "No attack that only sees answers was run.",
        ),
        row(
            "AML.T0043.002",
            "Craft Adversarial Data: Black-Box Transfer",
            made or "transfer" in known,
            "What is made on an encoder is tried on systems the attacker has not seen.",
        ),
        row(
            "AML.T0042", "Verify Attack", bool(report.lights), "The trust lights are that check.", "No checks were run."
        ),
        row("AML.T0015", "Evade AI Model", bool(report.cells), "Wrong answers under attack are what is counted."),
        Entry(
            ATLAS,
            "AML.T0010",
            "AI Supply Chain Compromise",
            "loosely",
            "The encoder comes from outside and its weaknesses with it; that its file was tampered with is not tested.",
        ),
    )


def _atlas_defences(report: AuditReport) -> tuple[Entry, ...]:
    row = partial(_row, ATLAS)
    fused = any(len(defence.branches) > 1 for defence in report.defences) or bool(report.branches)
    tuned = _listens(report, "tuned_victim")
    return (
        row(
            "AML.M0003",
            "Predictive AI Model Hardening",
            tuned,
            "The tuned encoders (MPAE).",
            "No tuned encoder was evaluated.",
        ),
        row("AML.M0006", "Predictive AI Ensembles", fused, "The fused branches.", "No ensemble was evaluated."),
        row(
            "AML.M0015",
            "Predictive AI Adversarial Input Detection",
            bool(report.detection),
            "The detector; its false alarms stand beside what it catches.",
            "No detector was evaluated.",
        ),
        row("AML.M0008", "Validate AI Model", True, "This report."),
    )


def _owasp() -> tuple[Entry, ...]:
    return (
        Entry(OWASP, "ML01:2023", "Input Manipulation Attack", "applies", "The subject of this audit."),
        Entry(
            OWASP,
            "ML06:2023",
            "AI Supply Chain Attacks",
            "loosely",
            "A downloaded encoder is part of the supply chain; who made it and whether it was changed is not tested.",
        ),
        Entry(
            OWASP,
            "ML07:2023",
            "Transfer Learning Attack",
            "loosely",
            "It describes a source model made with ill intent; here an honest one is turned on its users.",
        ),
        *(
            Entry(OWASP, f"{id}:2023", name, "not", "Not tested here.")
            for id, name in (
                ("ML02", "Data Poisoning Attack"),
                ("ML03", "Model Inversion Attack"),
                ("ML04", "Membership Inference Attack"),
                ("ML05", "Model Theft"),
                ("ML08", "Model Skewing"),
                ("ML09", "Output Integrity Attack"),
                ("ML10", "Model Poisoning"),
            )
        ),
    )


def _nist(report: AuditReport) -> tuple[Entry, ...]:
    known = {found.knowledge for found in report.adaptive}
    term = partial(_row, NIST, "")
    return (
        term("Evasion attack", True, "At deployment time, integrity violation, untargeted."),
        term("Universal evasion attack", bool(report.attacks), "One perturbation for every image."),
        term(
            "White-box attack",
            "white-box" in known,
            "On the defended systems, with gradients.",
            "The defended systems were not attacked with their weights in hand.",
        ),
        term("Black-box attack", "black-box" in known, "On the systems' answers.", "None was run."),
        term("Transferability", bool(report.attacks), "From encoders to the systems built on them."),
        term("Adversarial training", _listens(report, "tuned_victim"), "How the tuned encoders come about."),
        term("Poisoning, privacy and misuse attacks", False, "", "Not tested here."),
    )


def _listens(report: AuditReport, branch: str) -> bool:
    return any(branch in defence.branches for defence in report.defences) or any(
        found.branch == branch for found in report.branches
    )


def by_catalogue(report: AuditReport) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """The entries under the name and version of their catalogue."""
    entries = catalogue_entries(report)
    return tuple((name, tuple(entry for entry in entries if entry.catalogue == name)) for name in CATALOGUES)
