"""What the raw figures of a system mean: one light per check, with its number, and the curves behind them.

Red: an attack here has not measured the system, or its answers are not what they seem, so that every robust accuracy
may be too high. Amber: read the figures with that in mind. Counting errors of one image, or of 1 % of the images where
that is more, are noise and light nothing, unless a check says otherwise.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, Literal, TypeAlias

from zepad_engine.evidence import Light, Sweep
from zepad_engine.intervals import wilson
from zepad_engine.trust.ladder import HUGE_EPSILON, NOISE_DRAWS, QUERIES, Measured
from zepad_engine.trust.observing import PASSES

Colour: TypeAlias = Literal["green", "amber", "red"]

# AutoAttack's: of logits of length 1, and of probabilities.
_SPREAD: Final = 1e-4
_NEARLY_PROBABILITIES: Final = 1e-5
# AutoAttack flags a single zero gradient. One dead picture in a ReLU net is no masking: as such a picture can at worst
# be counted as robust without having been attacked, the share is the most that the accuracy can be too high by.
_DEAD_SHARE: Final = 0.05
# AutoAttack's margin for the black box, a share of the images; of 50 images one is ten times that.
_BLACK_BOX_GAIN: Final = 0.002
# DLR takes the third largest logit, its targeted form the fourth.
_FEWEST_CLASSES: Final = 4
# In nats; and the share of the whole rise that may be lost between two rungs.
_LEAST_RISE: Final = 0.01
_LARGEST_FALL: Final = 0.1


def lights_of(measured: Measured) -> tuple[Light, ...]:
    """Every light, in the order of the report: AutoAttack's checks, Carlini's ladder, RobustBench's rules."""
    randomised, gradients, inner = _randomised(measured), _zero_gradients(measured), _inner_loop(measured)
    return (
        randomised,
        _softmax_output(measured),
        gradients,
        _square_wins(measured),
        inner,
        _few_classes(measured),
        _one_step(measured),
        _converged(measured),
        _large_budget(measured),
        _noise(measured),
        _monotone(measured),
        _rising_loss(measured),
        _admissible(randomised, gradients, inner),
    )


def sweeps_of(measured: Measured) -> tuple[Sweep, ...]:
    """Robust accuracy under PGD against steps and against the budget, up to the huge one."""
    n = measured.observed.images
    budgets = [(rung.setting, rung.right) for rung in measured.budgets] + [(HUGE_EPSILON * 255, measured.huge)]
    steps = [(rung.setting, rung.right) for rung in measured.steps]
    return tuple(
        Sweep(
            quantity=quantity,
            rate="robust accuracy",
            attack="pgd",
            defence="",
            task="",
            points=tuple((setting, wilson(right, n)) for setting, right in points),
        )
        for quantity, points in (("epsilon_255", sorted(budgets)), ("steps", steps))
    )


def _randomised(measured: Measured) -> Light:
    seen = measured.observed
    same = seen.spread <= _SPREAD and len(set(seen.right)) == 1
    return Light(
        key="randomised",
        name="The answers repeat",
        colour="green" if same else "red",
        statement=(
            f"Over {PASSES} passes the logits of an image differed by at most {seen.spread:.2g} of their length"
            + (
                "."
                if same
                else f", and {min(seen.right)} to {max(seen.right)} of {seen.images} images were answered rightly: "
                "attacks that do not average over chance prove nothing here."
            )
        ),
        value=seen.spread,
    )


def _softmax_output(measured: Measured) -> Light:
    gap = measured.observed.improbability
    probabilities = gap <= _NEARLY_PROBABILITIES
    return Light(
        key="softmax_output",
        name="The output is logits",
        colour="red" if probabilities else "green",
        statement=(
            f"The outputs lie between 0 and 1 and sum to 1 within {gap:.2g}: they are probabilities, on which the "
            "attacks' losses go flat."
            if probabilities
            else f"The outputs are no probabilities: they miss that by up to {gap:.3g}."
        ),
        value=gap,
    )


def _zero_gradients(measured: Measured) -> Light:
    seen = measured.observed
    masked = seen.zero_gradients > _DEAD_SHARE * seen.images
    colour: Colour = "red" if masked else "amber" if seen.zero_gradients else "green"
    return Light(
        key="zero_gradients",
        name="Gradients exist",
        colour=colour,
        statement=(
            f"The cross-entropy of {seen.zero_gradients} of {seen.images} images has a gradient of exactly zero"
            + (": as many may stand only because nothing pushed them." if seen.zero_gradients else ".")
        ),
        value=float(seen.zero_gradients),
    )


def _square_wins(measured: Measured) -> Light:
    won = measured.white_box - measured.black_box
    masked = won > _BLACK_BOX_GAIN * measured.observed.images
    return Light(
        key="square_wins",
        name="Gradients beat guessing",
        colour="red" if masked else "green",
        statement=(
            f"{_standing(measured, measured.white_box)} under every white-box attack; Square fools {won} of them "
            f"with {QUERIES} queries and no gradient" + (": the gradients are masked." if masked else ".")
        ),
        value=float(won),
    )


def _inner_loop(measured: Measured) -> Light:
    calls = measured.observed.gradient_calls
    return Light(
        key="inner_loop",
        name="Nothing optimised inside",
        colour="amber" if calls else "green",
        statement=(
            f"One pass of the system takes {calls} gradients of its own"
            + (": those of the attacks may miss a part of it." if calls else ".")
        ),
        value=float(calls),
    )


def _few_classes(measured: Measured) -> Light:
    classes = measured.observed.classes
    few = classes < _FEWEST_CLASSES
    lost = "neither APGD-DLR nor its targeted form" if classes < _FEWEST_CLASSES - 1 else "no targeted APGD-DLR"
    return Light(
        key="few_classes",
        name="Enough classes",
        colour="amber" if few else "green",
        statement=f"The task has {classes} classes" + (f": there is {lost} for it." if few else "."),
        value=float(classes),
    )


def _one_step(measured: Measured) -> Light:
    last = measured.steps[-1]
    won = measured.one_step - last.right
    return Light(
        key="one_step",
        name="Many steps beat one",
        colour="red" if -won > _slack(measured) else "green",
        statement=(
            f"PGD with {last.setting:g} steps fools {_more(won)} than a single step, after which "
            f"{measured.one_step} of {measured.observed.images} stand."
        ),
        value=float(won),
    )


def _converged(measured: Measured) -> Light:
    half, last = measured.steps[-2:]
    won = half.right - last.right
    unsure = abs(won) > _slack(measured)
    return Light(
        key="converged",
        name="Converged at twice the steps",
        colour="amber" if unsure else "green",
        statement=(
            f"PGD with {last.setting:g} steps fools {_more(won)} than with {half.setting:g}"
            + (f", more than the {_slack(measured)} that may be noise." if unsure else ".")
        ),
        value=float(won),
    )


def _large_budget(measured: Measured) -> Light:
    chance = measured.observed.chance
    return Light(
        key="large_budget",
        name="A huge budget leaves chance",
        colour="red" if measured.huge > chance else "green",
        statement=(
            f"{_standing(measured, measured.huge)} at a budget of {HUGE_EPSILON:g}, where all could be made the same "
            f"grey; one constant answer is right for {chance}."
        ),
        value=float(measured.huge),
    )


def _noise(measured: Measured) -> Light:
    last = measured.steps[-1]
    won = measured.noise - last.right
    return Light(
        key="noise",
        name="Attacks beat noise",
        colour="red" if -won > _slack(measured) else "green",
        statement=(
            f"PGD with {last.setting:g} steps fools {_more(won)} than {NOISE_DRAWS} draws of random signs of "
            "the same size together."
        ),
        value=float(won),
    )


def _monotone(measured: Measured) -> Light:
    rise, low, high = max(
        (after.right - before.right, before.setting, after.setting) for before, after in pairwise(measured.budgets)
    )
    back = max(0, rise)
    colour: Colour = "red" if back > _slack(measured) else "amber" if back else "green"
    return Light(
        key="monotone",
        name="A larger budget is never weaker",
        colour=colour,
        statement=(
            f"From {low:g} to {high:g}/255 {_more(back)} stand."
            if back
            else f"From one budget to the next, 0 to {measured.budgets[-1].setting:g}/255, {_more(0)} stand."
        ),
        value=float(back),
    )


def _rising_loss(measured: Measured) -> Light:
    losses = [rung.loss for rung in measured.steps]
    rise, fall = losses[-1] - losses[0], max(before - after for before, after in pairwise(losses))
    rising = rise >= _LEAST_RISE and fall <= _LARGEST_FALL * rise
    steps = ", ".join(f"{rung.setting:g}" for rung in measured.steps)
    course = ", ".join(f"{loss:.3g}" for loss in losses)
    return Light(
        key="rising_loss",
        name="The loss rises with steps",
        colour="green" if rising else "amber",
        statement=f"The mean cross-entropy changes by {rise:.3g} nats: after {steps} steps it is {course}"
        + ("." if rising else ", no steady rise."),
        value=rise,
    )


def _admissible(randomised: Light, gradients: Light, inner: Light) -> Light:
    """RobustBench admits what has gradients, answers without chance and runs no loop (Croce et al., NeurIPS 2021)."""
    rules = {
        "its answers hang on chance": randomised.colour == "red",
        "its gradients vanish": gradients.colour == "red",
        "it optimises on each image": inner.colour == "amber",
    }
    broken = [rule for rule, is_broken in rules.items() if is_broken]
    return Light(
        key="admissible",
        name="RobustBench would admit it",
        colour="amber" if broken else "green",
        statement=f"It breaks {len(broken)} of RobustBench's {len(rules)} rules"
        + (f": {', '.join(broken)}." if broken else "."),
        value=float(len(broken)),
    )


def _standing(measured: Measured, count: int) -> str:
    return f"{count} of {measured.observed.images} images stand"


def _more(count: int) -> str:
    return f"{abs(count)} {'more' if count >= 0 else 'fewer'} image{'' if abs(count) == 1 else 's'}"


def _slack(measured: Measured) -> int:
    return max(1, measured.observed.images // 100)
