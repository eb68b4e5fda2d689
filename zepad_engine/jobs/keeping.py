"""Keep what every system said of each test image, so that another audit can be compared on the same images."""

from __future__ import annotations

from zepad_engine.evaluation.answers import CLEAN, NO_ATTACK
from zepad_engine.evaluation.worst import Verdicts
from zepad_engine.images.audit_sets import open_set
from zepad_engine.jobs.answering import task_split
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.opening import input_size
from zepad_engine.per_image import PerImage, digest_of, write_per_image
from zepad_engine.plan import set_name


def keep_per_image(context: Context, verdicts: dict[str, dict[str, Verdicts]]) -> None:
    """Store ``verdicts``, by defence and condition, beside digests of the images: the pictures may be gone by then."""
    plan, task = context.plan, context.args["task"]
    test = task_split(context, task, "test", plan.heads.test_images)
    classes = open_set(task, input_size(context), plan.seed).classes
    labels = [classes[label] for label in test.labels.tolist()]
    named = {
        (identity, NO_ATTACK if condition == CLEAN else condition): each
        for identity, met in verdicts.items()
        for condition, each in met.items()
    }
    found = PerImage(
        images=tuple(map(digest_of, test.images.pictures().numpy(), labels)),
        wrong={key: each.wrong for key, each in named.items()},
        flagged={key: each.flagged for key, each in named.items() if each.flagged is not None},
    )
    write_per_image(context.folder.per_image(set_name(task)), found)
