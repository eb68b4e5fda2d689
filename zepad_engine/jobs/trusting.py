"""Check on one task whether attacks on a defended system measure anything."""

from __future__ import annotations

from typing import Any

import msgspec

from zepad_engine.jobs.context import Context
from zepad_engine.jobs.opening import how
from zepad_engine.jobs.systems import attacked_rows, target_of
from zepad_engine.plan import set_name
from zepad_engine.trust.ladder import measure
from zepad_engine.trust.lights import lights_of, sweeps_of


def trust(context: Context) -> dict[str, Any]:
    """The lights of a defence of the plan, and how its accuracy falls with steps and with the budget."""
    plan, task, defence = context.plan, context.args["task"], context.args["defence"]
    seed = context.seed("trust", task)
    running = how(context)
    running.begin(seed)
    rows = attacked_rows(context, task, plan.adaptive.checked_images)
    target = target_of(context, task, defence, rows, running)
    measured = measure(target, plan.epsilon_255 / 255, seed, context.progress)
    where = {"defence": defence, "task": set_name(task)}
    return {
        "lights": [msgspec.to_builtins(msgspec.structs.replace(light, **where)) for light in lights_of(measured)],
        "sweeps": [msgspec.to_builtins(msgspec.structs.replace(sweep, **where)) for sweep in sweeps_of(measured)],
    }
