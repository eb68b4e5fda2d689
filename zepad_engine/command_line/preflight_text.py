"""A preflight, or the facts of a perturbation, in lines for a terminal."""

from __future__ import annotations

from zepad_engine.card import EncoderCard
from zepad_engine.findings import PerturbationFacts
from zepad_engine.preflight import Preflight
from zepad_engine.report.card_words import architecture, size, training
from zepad_engine.report.numbers import wilson
from zepad_engine.shown_names import shown_name

_MOST_KEYS = 12


def card_text(preflight: Preflight) -> str:
    """The preflight in lines of name and value; lists one item a line below."""
    card, file = preflight.card, preflight.file
    whole = "check sums hold" if file.checksummed else "the format has no check sums, so a flipped bit goes unseen"
    rows = {
        "Name": card.name,
        "File": f"{file.container}, {file.size:,} bytes; {whole}",
        "Net": architecture(card),
        "Found at": shown_name(card.net) if card.net else "",
        "Size": size(card),
        "Training": training(card),
        "Mean": ", ".join(f"{value:g}" for value in card.mean),
        "Deviation": ", ".join(f"{value:g}" for value in card.std),
        "SHA-256": card.sha256 or "not known",
        "Licence": card.licence,
        "Keys used": f"{len(file.keys_used):,} of {len(file.keys_used) + len(file.keys_ignored):,}",
        **_probe(card),
        **_checks(preflight),
    }
    lines = [f"{name:<10} {value}" for name, value in rows.items() if value]
    lines += _listed("Warnings", preflight.warnings) + _listed("Assumed", card.assumptions)
    lines += _listed("Not checked", preflight.notes) + _listed("Ignored in the file", _some(file.keys_ignored))
    lines += _listed("Left out, not loaded", _some(file.left_out)) + _listed("Remarks", card.remarks)
    return "\n".join(lines) + "\n"


def _probe(card: EncoderCard) -> dict[str, str]:
    if card.probe is None:
        return {}
    probe = card.probe
    measured, chance = (_rate(share, probe.test_images) for share in (probe.accuracy, probe.random_accuracy))
    return {"Probe": f"{measured} on {probe.data}; random weights {chance}"}


def _checks(preflight: Preflight) -> dict[str, str]:
    rows: dict[str, str] = {}
    if (found := preflight.features) is not None:
        finite = "all finite" if found.finite else "not all finite"
        rows["Features"] = (
            f"{finite}; effective rank {found.effective_rank:.1f} of {found.dimensions}, spread {found.spread:.3g} "
            f"(n {found.images})"
        )
        rows["Gradients"] = f"reach {100 * found.gradients:.0f} % of the pixels"
    if (probe := preflight.neighbours) is not None:
        random = f"random weights {100 * probe.random_accuracy:.1f} % ({probe.draws} draws)"
        apart = f"difference {100 * probe.low:+.1f} to {100 * probe.high:+.1f} points"
        rows["k-NN"] = f"{_rate(probe.accuracy, probe.queries)} on {probe.data}; {random}; {apart}"
    if preflight.fits:
        fits = ", ".join(f"{fit.name} {fit.divergence:.2f}" for fit in preflight.fits)
        rows["Batch norm"] = f"divergence in nats from what it stored, the assumed first: {fits}"
    return rows


def perturbation_text(facts: PerturbationFacts) -> str:
    """The facts of a perturbation in lines of name and value."""
    rows = {
        "File": f"{facts.name}, {facts.kind}, {'x'.join(map(str, facts.shape))} {facts.dtype}",
        "Kind": "a perturbation",
        "Size": f"{facts.width}x{facts.height} pixels",
        "Range": f"{facts.low_255:.2f} to {facts.high_255:.2f} in /255",
        "L-inf": f"{facts.linf_255:.2f}/255",
        "L2": f"{facts.l2:.3f} with pixels from 0 to 1",
        "Zeros": f"{100 * facts.zeros:.1f} % of the values",
        "SHA-256": facts.sha256,
        "Pixels": facts.pixels_sha256,
    }
    lines = [f"{name:<10} {value}" for name, value in rows.items() if value]
    return "\n".join(lines + _listed("Remarks", facts.remarks)) + "\n"


def _rate(share: float, n: int) -> str:
    rate = wilson(share, n)
    return f"{100 * share:.1f} % ({100 * rate.low:.1f}–{100 * rate.high:.1f}, n {n:,})"


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    shown = tuple(shown_name(name) for name in names[:_MOST_KEYS])
    return (*shown, f"and {len(names) - _MOST_KEYS} more") if len(names) > _MOST_KEYS else shown


def _listed(title: str, items: tuple[str, ...]) -> list[str]:
    return [f"{title}:", *(f"  {item}" for item in items)] if items else []
