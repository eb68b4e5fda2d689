"""What the sample report holds beyond its tables: attacks on the systems, worst cases, tests, shifts, lights."""

from __future__ import annotations

from tests.support.sample_rates import TASKS, rate
from zepad_engine.evidence import (
    AdaptiveFinding,
    DefenceFinding,
    FalseAlarm,
    FeatureShift,
    Pair,
    RankCorrelation,
    Rate,
    Retrieval,
    Sweep,
    WorstCase,
)

ATTACKED = "signs"
IMAGES = 128
# What is left of each system, in percent of 128 images of traffic signs: clean, then in the order of ``AIMED``.
LEFT = {
    "undefended": (87.5, 0.0, 0.0, 10.2, 0.0, 3.9, 0.0),
    "clean_ensemble": (89.8, 1.6, 0.8, 25.0, 48.4, 12.5, 1.6),
    "zepad": (88.3, 37.5, 34.4, 57.0, 78.1, 50.0, 31.2),
    "zepad_no_bmp": (89.1, 60.2, 58.6, 71.9, 80.5, 68.8, 60.9),
}
# Key, name, knowledge, evades, steps of all restarts, restarts, queries.
AIMED = (
    ("pgd", "PGD on the system", "white-box", False, 500, 5, 64_000),
    ("apgd_ce", "APGD, cross-entropy", "white-box", False, 500, 5, 71_300),
    ("square", "Square Attack", "black-box", False, 2000, 1, 212_480),
    ("transfer", "Transfer from the undefended victim", "transfer", False, 100, 1, 256),
    ("universal_fused", "One perturbation on the fused answer", "white-box", False, 400, 1, 25_600),
    ("evading-4", "Past the detector, λ = 4", "white-box", True, 500, 5, 64_000),
)
WORST_UNIVERSAL = {
    "undefended": (35.1, 58.2, 25.4, 62.3),
    "random_encoder": (47.3, 80.0, 71.5, 74.0),
    "clean_ensemble": (58.4, 78.2, 54.0, 77.1),
    "zepad": (59.9, 85.8, 72.4, 80.2),
    "zepad_no_bmp": (59.6, 87.1, 73.5, 79.4),
    "mean_fusion": (59.2, 85.2, 70.6, 80.3),
}
SOURCES = {
    "undefended": ("Undefended", "None", ("victim",)),
    "random_encoder": ("Random weights", "Control", ("random",)),
    "clean_ensemble": ("Three clean encoders", "Ablation of arXiv 2602.11204", ("victim", "auxiliary", "benign")),
    "zepad": ("ZePAD", "arXiv 2602.11204, ICLR 2026", ("tuned_victim", "tuned_auxiliary", "benign")),
    "zepad_no_bmp": ("ZePAD without BMP", "Ablation of arXiv 2602.11204", ("tuned_victim", "tuned_auxiliary")),
    "mean_fusion": ("ZePAD, plain mean", "Variant of the release", ("tuned_victim", "tuned_auxiliary", "benign")),
}


def sample_defences() -> tuple[DefenceFinding, ...]:
    """Name, source and branches of each defence."""
    return tuple(
        DefenceFinding(key=key, name=name, citation=citation, recipe=f"{key}(k=3.0, temperature=False)", branches=heard)
        for key, (name, citation, heard) in SOURCES.items()
    )


def sample_adaptive() -> tuple[AdaptiveFinding, ...]:
    """Six attacks on four systems, on one task."""
    found = []
    for defence, (clean, *left) in LEFT.items():
        watched = defence == "zepad"
        for (key, name, knowledge, evades, steps, restarts, queries), kept in zip(AIMED, left, strict=True):
            right = round(clean / 100 * IMAGES)
            found.append(
                AdaptiveFinding(
                    attack=key,
                    name=name,
                    citation="Madry et al., ICLR 2018",
                    recipe=f"{key}(steps={steps // restarts}, restarts={restarts}, step=0.25)",
                    knowledge=knowledge,
                    evades=evades,
                    defence=defence,
                    task=ATTACKED,
                    epsilon_255=10.0,
                    n=IMAGES,
                    accuracy=rate(kept / 100, IMAGES),
                    clean_accuracy=rate(clean / 100, IMAGES),
                    asr_of_correct=rate(1 - round(kept / 100 * IMAGES) / right, right),
                    flagged=rate(0.09, IMAGES) if watched else None,
                    evaded=rate(0.94 * (1 - kept / 100), IMAGES) if watched else None,
                    linf_255=10.0,
                    quantised_255=10.0,
                    steps=steps,
                    restarts=restarts,
                    queries=queries,
                    seconds=41.5,
                    seed=0,
                )
            )
    return tuple(found)


def sample_worst() -> tuple[WorstCase, ...]:
    """Worst of the universal attacks on every task, worst of all on the attacked one."""
    universal = ("advencoder_per", "l4a_base", "sign_noise")
    found = [
        WorstCase(scope="universal", defence=defence, task=task, attacks=universal, accuracy=rate(kept / 100, n))
        for defence, row in WORST_UNIVERSAL.items()
        for (task, n), kept in zip(TASKS.items(), row, strict=True)
    ]
    for defence, kept in {"undefended": 0.0, "clean_ensemble": 0.8, "zepad": 25.8, "zepad_no_bmp": 57.0}.items():
        found.append(
            WorstCase(
                scope="all",
                defence=defence,
                task=ATTACKED,
                attacks=(*universal, *(key for key, *_ in AIMED)),
                accuracy=rate(kept / 100, IMAGES),
                evaded=rate(0.68, IMAGES) if defence == "zepad" else None,
            )
        )
    return tuple(found)


def sample_pairs() -> tuple[Pair, ...]:
    """ZePAD against the others: clearly better, not told apart, clearly worse; one under a single universal attack."""
    told = (("undefended", "worst", 98, 8, 1e-19), ("clean_ensemble", "worst", 41, 16, 0.0013))
    told += (
        ("zepad_no_bmp", "worst", 9, 13, 0.52),
        ("zepad_no_bmp", "pgd", 2, 31, 3e-7),
        ("undefended", "l4a_base", 33, 7, 4e-5),
    )
    found = []
    for other, attack, only_a, only_b, p in told:
        n = IMAGES if attack == "pgd" else TASKS[ATTACKED]
        difference = (only_a - only_b) / n
        half = 1.96 * (only_a + only_b) ** 0.5 / n
        found.append(
            Pair(
                a="zepad",
                b=other,
                task=ATTACKED,
                attack=attack,
                n=n,
                only_a=only_a,
                only_b=only_b,
                difference=difference,
                low=difference - half,
                high=difference + half,
                p=p,
            )
        )
    return tuple(found)


def sample_sweeps() -> tuple[Sweep, ...]:
    """Budget, steps, k and margin, the last two on clean and on perturbed images."""
    epsilons = (0.0, 2.0, 4.0, 8.0, 16.0, 127.5)
    curves = {"undefended": (88, 62, 21, 1, 0, 0), "zepad": (88, 84, 71, 46, 9, 2)}
    found = [
        _sweep("epsilon_255", "robust accuracy", "pgd", defence, zip(epsilons, values, strict=True))
        for defence, values in curves.items()
    ]
    steps = (1.0, 5.0, 10.0, 20.0, 50.0, 100.0)
    found.append(
        _sweep("steps", "robust accuracy", "pgd", "zepad", zip(steps, (74, 52, 44, 40, 38, 37.5), strict=True))
    )
    for attack, said, values in (("none", "benign", (88, 88, 89, 88)), ("advencoder_per", "robust", (82, 83, 84, 81))):
        points = zip((0.0, 1.0, 3.0, 8.0), values, strict=True)
        found.append(_sweep("k", f"{said} accuracy", attack, "zepad", points))
    for attack, said, values in (
        ("none", "false alarms", (48, 31, 18, 4)),
        ("advencoder_per", "detected", (57, 40, 24, 7)),
    ):
        found.append(_sweep("margin", said, attack, "zepad", zip((0.0, 0.1, 0.2, 0.4), values, strict=True)))
    return tuple(found)


def _sweep(quantity: str, said: str, attack: str, defence: str, points) -> Sweep:
    return Sweep(
        quantity=quantity,
        rate=said,
        attack=attack,
        defence=defence,
        task=ATTACKED,
        points=tuple((place, rate(value / 100, IMAGES)) for place, value in points),
    )


def sample_shifts() -> tuple[FeatureShift, ...]:
    """Two branches under two attacks on two tasks."""
    moved = {("victim", "advencoder_per"): (0.41, 0.22, 0.58), ("victim", "l4a_base"): (0.17, 0.51, 0.27)}
    moved |= {("tuned_victim", "advencoder_per"): (0.03, 0.88, 0.06), ("tuned_victim", "l4a_base"): (0.02, 0.91, 0.04)}
    return tuple(
        FeatureShift(
            branch=branch,
            attack=attack,
            task=task,
            n=TASKS[task],
            cosine_shift=cosine,
            neighbour_overlap=stays,
            rank_clean=31.2,
            rank_moved=31.2 - 30 * cosine,
            cluster_fooling=rate(fooled, TASKS[task]),
            accuracy_drop=0.6 * fooled,
        )
        for task in ("signs", "satellite")
        for (branch, attack), (cosine, stays, fooled) in moved.items()
    )


def sample_correlations() -> tuple[RankCorrelation, ...]:
    """One measure that tells the drop, one that may not."""
    return (
        RankCorrelation(measure="cosine_shift", rho=0.83, n=12, p=0.0008),
        RankCorrelation(measure="effective_rank", rho=-0.31, n=12, p=0.33),
    )


def sample_retrieval() -> tuple[Retrieval, ...]:
    """The victim's and the tuned victim's features, clean and perturbed queries."""
    figures = {("victim", "none"): (0.81, 0.52), ("victim", "advencoder_per"): (0.44, 0.30)}
    figures |= {("zepad", "none"): (0.83, 0.55), ("zepad", "advencoder_per"): (0.71, 0.46)}
    figures |= {("tuned_victim", "none"): (0.79, 0.50), ("tuned_victim", "advencoder_per"): (0.77, 0.49)}
    return tuple(
        Retrieval(
            branch=branch,
            attack=attack,
            task="satellite",
            recall_at_1=rate(first, 487),
            mean_average_precision=Rate(value=whole, n=487, low=whole - 0.02, high=whole + 0.02),
            gallery=487,
        )
        for (branch, attack), (first, whole) in figures.items()
    )


def sample_false_alarms() -> tuple[FalseAlarm, ...]:
    """Clean, altered and foreign images through ZePAD's detector."""
    shares = {"clean": (0.05, 0.01, 0.31), "jpeg": (0.11, 0.03, 0.40), "blur": (0.17, 0.06, 0.47)}
    shares |= {"noise": (0.08, 0.02, 0.35), "fashion": (0.24, 0.09, 0.55)}
    n = TASKS["satellite"]
    return tuple(
        FalseAlarm(
            defence="zepad",
            task="satellite",
            condition=condition,
            flagged_at_5=rate(at_5, n),
            flagged_at_1=rate(at_1, n),
            flagged_at_margin=rate(at_margin, n),
            accuracy=None if condition == "fashion" else rate(0.81, n),
        )
        for condition, (at_5, at_1, at_margin) in shares.items()
    )
