"""A realistic AuditReport for tests of the window and of the exports.

Nothing here is measured; it lives under tests so that it can never be mistaken for a result.
"""

from __future__ import annotations

import math

from tests.support.sample_detection import sample_detection
from tests.support.sample_evidence import (
    sample_adaptive,
    sample_correlations,
    sample_defences,
    sample_false_alarms,
    sample_pairs,
    sample_retrieval,
    sample_shifts,
    sample_sweeps,
    sample_worst,
)
from tests.support.sample_lights import sample_lights
from tests.support.sample_rates import ATTACKS, BRANCHES, CLASSES, LARGEST_CLASSES, TASK_NAMES, TASKS, rate
from zepad_engine.architecture import CIFAR_STEM, ResNetShape
from zepad_engine.card import CIFAR_MEAN, CIFAR_STD, EncoderCard
from zepad_engine.evidence import Attribution, Rate
from zepad_engine.findings import (
    SCHEMA_VERSION,
    AttackFinding,
    AuditReport,
    Average,
    BranchAnswer,
    BranchFinding,
    Cell,
    DataFinding,
    Example,
    ExecutionFinding,
    Subject,
    Summary,
)
from zepad_engine.plan import AuditPlan
from zepad_engine.trained import EpochRow, TuningFinding

# Clean accuracy, then accuracy under each attack, in percent; order of TASKS.
ACCURACY = {
    "undefended": (
        (59.0, 87.7, 81.2, 82.0),
        (38.1, 61.5, 28.3, 66.0),
        (52.4, 80.2, 64.3, 79.3),
        (57.3, 87.4, 73.2, 78.7),
    ),
    "random_encoder": (
        (55.6, 84.3, 82.3, 79.9),
        (53.4, 84.0, 77.0, 78.7),
        (53.8, 83.4, 78.2, 78.1),
        (52.9, 84.0, 80.8, 78.1),
    ),
    "clean_ensemble": (
        (65.9, 89.8, 83.6, 83.6),
        (63.4, 80.3, 60.6, 80.0),
        (64.3, 86.5, 74.6, 82.8),
        (63.5, 87.4, 74.6, 82.2),
    ),
    "zepad": ((63.0, 88.6, 83.1, 83.9), (62.8, 88.6, 76.0, 83.3), (63.5, 88.0, 79.3, 83.0), (62.8, 90.2, 79.3, 83.8)),
    "zepad_no_bmp": (
        (62.0, 89.5, 83.3, 82.5),
        (62.2, 89.5, 76.7, 82.1),
        (62.0, 88.9, 77.6, 81.6),
        (62.0, 90.2, 83.3, 82.2),
    ),
    "mean_fusion": (
        (62.9, 88.9, 83.3, 83.7),
        (62.6, 88.0, 74.3, 83.2),
        (62.9, 88.3, 78.8, 83.1),
        (62.5, 89.8, 79.0, 83.6),
    ),
}


def sample_cells() -> tuple[Cell, ...]:
    """Every defence x attack x task, the clean row first."""
    cells = []
    for defence, table in ACCURACY.items():
        for row, attack in enumerate(("none", *ATTACKS)):
            for column, (task, n) in enumerate(TASKS.items()):
                benign, robust = table[0][column] / 100, table[row][column] / 100
                lost = max(benign - robust, 0.01)
                cells.append(
                    Cell(
                        defence=defence,
                        attack=attack,
                        task=task,
                        epsilon_255=0.0 if attack == "none" else 10.0,
                        ba=rate(benign, n),
                        ra=rate(robust, n) if row else None,
                        asr=rate(lost + 0.03, n) if row else None,
                        asr_of_correct=rate(lost / benign, round(benign * n)) if row else None,
                    )
                )
    return tuple(cells)


def sample_averages(cells: tuple[Cell, ...]) -> tuple[Average, ...]:
    """Means over all tasks, and over those other than emoji, which the defender tuned on."""
    found = []
    for defence in ACCURACY:
        for attack in ("none", *ATTACKS):
            for unseen in (False, True):
                tasks = tuple(task for task in TASKS if not (unseen and task == "emoji"))
                mine = [c for c in cells if c.defence == defence and c.attack == attack and c.task in tasks]
                found.append(
                    Average(
                        defence=defence,
                        attack=attack,
                        unseen=unseen,
                        tasks=tasks,
                        ba=_mean([c.ba for c in mine]),
                        ra=_mean([c.ra for c in mine]),
                        asr=_mean([c.asr for c in mine]),
                    )
                )
    return tuple(found)


def _mean(rates: list[Rate | None]) -> Rate | None:
    known = [r for r in rates if r is not None]
    return rate(sum(r.value for r in known) / len(known), sum(r.n for r in known)) if known else None


def sample_branches() -> tuple[BranchFinding, ...]:
    """Each branch of ZePAD, clean and under each attack: the benign one loses accuracy and say."""
    found = []
    for task, (column, n) in zip(TASKS, enumerate(TASKS.values()), strict=True):
        for row, attack in enumerate(("none", *ATTACKS)):
            base = ACCURACY["zepad_no_bmp"][row][column] / 100
            benign = ACCURACY["undefended"][0][column] / 100 - (0.22 if row == 1 else 0.06 * row)
            shares = (0.36, 0.34, 0.30) if attack == "none" else (0.40, 0.37, 0.23)
            for branch, accuracy, share in zip(BRANCHES, (base, base - 0.03, benign), shares, strict=True):
                found.append(
                    BranchFinding(
                        defence="zepad",
                        branch=branch,
                        attack=attack,
                        task=task,
                        accuracy=rate(accuracy, n),
                        weight_share=share,
                        confidence=0.55 + 0.8 * (share - 0.2),
                    )
                )
    return tuple(found)


def sample_tuning() -> tuple[TuningFinding, ...]:
    """Losses that fall and accuracies that rise, over eight and twelve epochs."""
    found = []
    for offset, branch in enumerate(BRANCHES):
        adversarial = branch != "benign"
        rows = []
        for epoch in range(1, 9 if adversarial else 13):
            entropy = 2.0 * math.exp(-epoch / 5) + 0.7 + 0.05 * offset
            relation = 0.9 * math.exp(-epoch / 4) if adversarial else 0.0
            rows.append(
                EpochRow(
                    epoch=epoch,
                    cross_entropy=entropy,
                    regularisation=relation,
                    total=entropy + relation,
                    clean_accuracy=0.60 - 0.3 * math.exp(-epoch / 3) - 0.02 * offset,
                    pgd_accuracy=(0.31 - 0.2 * math.exp(-epoch / 4)) if adversarial else None,
                )
            )
        found.append(
            TuningFinding(
                branch=branch,
                recipe="PGD-10 at 10/255, CE + λ·GR, Adam 1e-3 cosine" if adversarial else "clean CE, Adam 2e-3",
                weight=12.5 if adversarial else 0.0,
                selected_epoch=len(rows) - 1,
                validation_n=400,
                seconds=52.0 + 3 * offset,
                epochs=tuple(rows),
            )
        )
    return tuple(found)


def sample_card(name: str = "supcon-cifar10-r18w16") -> EncoderCard:
    """The card of a small ResNet-18."""
    return EncoderCard(
        name=name,
        architecture=ResNetShape(blocks=(2, 2, 2, 2), bottleneck=False, width=16, stem=CIFAR_STEM),
        mean=CIFAR_MEAN,
        std=CIFAR_STD,
        input_size=32,
        feature_dim=128,
        parameters=701_456,
        method="SupCon",
        data="CIFAR-10, 35,000 images",
        sha256="4f2a" * 16,
    )


def sample_report() -> AuditReport:
    """The whole report."""
    cells = sample_cells()
    card = sample_card()
    return AuditReport(
        schema_version=SCHEMA_VERSION,
        tool={"name": "zepad", "version": "0.1.0"},
        run="20260101-1200-sample",
        created_utc="2026-01-01T12:00:00Z",
        summary=Summary(
            verdict="One perturbation of 10/255 takes this encoder from 83.6 to 52.0 %; ZePAD keeps 82.6 % [81.0,"
            " 84.1], but 25.8 % [19.0, 34.0] once it is attacked itself (n = 128).",
            detail="Worst attack: AdvEncoder-PER, mean over 4 tasks, n = 3,089. "
            "Fusing the untuned encoders alone wins back 23 points; random weights keep 73 %.",
            limits="One seed, one machine, transfer attacks only.",
        ),
        threat_model=(
            "The attacker knows the public encoder, not the tasks, their data or the heads.",
            "One perturbation of at most 10/255 per pixel is added to every image.",
        ),
        plan=AuditPlan(preset="quick"),
        subject=Subject(
            name=card.name,
            family=card.family,
            params=card.parameters,
            feature_dim=128,
            sha256=card.sha256,
            keys_ignored=("projector.0.weight",),
            card=card,
        ),
        auxiliary=sample_card("barlow-tinyimagenet-r18w16"),
        data=_sample_data(),
        cells=cells,
        averages=sample_averages(cells),
        branches=sample_branches(),
        detection=sample_detection(),
        attacks=_sample_attacks(),
        tuning=sample_tuning(),
        examples=_sample_examples(),
        warnings=("Traffic signs has 325 test images only: its intervals are wide.",),
        not_shown=("Adaptive attacks on the fused system.", "Attacks on the benign branch."),
        timings={"open": 0.8, "craft": 41.0, "tune": 104.2, "heads": 22.9, "evaluate": 31.4},
        environment={"python": "3.11.7", "torch": "2.15.0", "device": "CPU, 2 workers", "system": "Linux"},
        execution=ExecutionFinding(
            device="AMD EPYC 9R14, bfloat16",
            arithmetic="fast",
            crafting="bfloat16, batch norms folded, channels last",
            training="bfloat16",
            scoring="float32, batch norms folded, channels last",
            batch=128,
            workers=2,
            threads=1,
            notices=("A worker ran out of memory; the job tune_victim was run again alone.",),
        ),
        defences=sample_defences(),
        adaptive=sample_adaptive(),
        worst=sample_worst(),
        pairs=sample_pairs(),
        sweeps=sample_sweeps(),
        shifts=sample_shifts(),
        correlations=sample_correlations(),
        retrieval=sample_retrieval(),
        false_alarms=sample_false_alarms(),
        lights=sample_lights(),
        attributions=_sample_attributions(),
    )


def _sample_data() -> tuple[DataFinding, ...]:
    tasks = [
        DataFinding(
            key=key,
            role="task",
            name=TASK_NAMES[key],
            counts={"train": 2000, "validation": 400, "calibration": 300, "test": n},
            classes=8,
            sha256=f"{index}ab3" * 16,
            source="Noto Emoji, SIL OFL 1.1",
            largest_class=LARGEST_CLASSES[key],
        )
        for index, (key, n) in enumerate(TASKS.items())
    ]
    surrogate = DataFinding(
        key="openmoji",
        role="surrogate",
        name="OpenMoji",
        counts={"train": 2500},
        classes=0,
        sha256="9c1d" * 16,
        source="OpenMoji, CC BY-SA 4.0",
    )
    return (*tasks, surrogate)


def _sample_attacks() -> tuple[AttackFinding, ...]:
    citations = ("Zhou et al., ICCV 2023", "Ban and Dong, NeurIPS 2022", "Control: no optimisation")
    return tuple(
        AttackFinding(
            key=key,
            name=name,
            citation=citation,
            recipe=f"{name}(epsilon=10/255, epochs=4, batch=64, rate=0.002)",
            origin="victim",
            seed=0,
            seconds=seconds,
            steps=steps,
            linf_255=10.0,
            saturated=saturated,
            sha256=f"{seed}e77" * 16,
            file=f"attacks/{key}.safetensors",
            preview=f"attacks/{key}.png",
        )
        for seed, ((key, name), citation, seconds, steps, saturated) in enumerate(
            zip(ATTACKS.items(), citations, (38.2, 2.4, 0.1), (160, 80, 0), (0.97, 0.41, 1.0), strict=True)
        )
    )


def _sample_examples() -> tuple[Example, ...]:
    rules = ("worst", "median", "worst for ZePAD", "random, seed 0")
    return tuple(
        Example(
            task=task,
            attack=attack,
            index=index,
            chosen=chosen,
            label=CLASSES[index],
            undefended_clean=CLASSES[index],
            undefended_perturbed=CLASSES[index + 1],
            zepad_clean=CLASSES[index],
            zepad_perturbed=CLASSES[index] if index != 2 else CLASSES[index + 2],
            flagged=index == 2,
            score=0.25 + 0.2 * index,
            branches=_sample_answers(index),
            file=f"previews/{task}-{attack}-{index}.png",
            gain=10.0,
        )
        for task in TASKS
        for attack in ATTACKS
        for index, chosen in enumerate(rules)
    )


def _sample_attributions() -> tuple[Attribution, ...]:
    attack = next(iter(ATTACKS))
    return tuple(
        Attribution(
            task=found.task,
            attack=attack,
            index=found.index,
            method="feature_similarity",
            branches=("victim", *BRANCHES),
            tops=(0.412, 0.107, 0.058, 0.331),
            file=found.file.replace(".png", "_maps.png"),
        )
        for found in _sample_examples()
        if found.attack == attack
    )


def _sample_answers(index: int) -> tuple[BranchAnswer, ...]:
    return tuple(
        BranchAnswer(
            branch=branch,
            clean=CLASSES[index],
            perturbed=CLASSES[index + (branch == "benign")],
            confidence=0.9 - 0.2 * place,
            weight_share=share,
        )
        for place, (branch, share) in enumerate(zip(BRANCHES, (0.5, 0.3, 0.2), strict=True))
    )
