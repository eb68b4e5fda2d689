from __future__ import annotations

import io
import shutil

import msgspec
import pytest

from tests.support.tiny import write_zip
from zepad_engine.images.audit_sets import open_set
from zepad_engine.jobs.context import Context
from zepad_engine.jobs.job import Job, Order
from zepad_engine.jobs.opening import open_data

pytestmark = pytest.mark.slow


def data_of(finished, tmp_path, **changes):
    shutil.copytree(finished.folder / "encoders", tmp_path / "run" / "encoders")
    plan = msgspec.structs.replace(finished.plan, **changes)
    order = Order(job=Job(key="data", kind="data", stage="open"), plan=plan, folder=str(tmp_path / "run"))
    return open_data(Context(order, io.BytesIO()))["data"]


def test_every_set_is_counted_with_its_role(finished, tmp_path):
    local, surrogate, *tasks = data_of(finished, tmp_path)
    assert [item["role"] for item in (local, surrogate, *tasks)] == ["local", "surrogate", "task", "task"]
    assert sum(tasks[1]["counts"].values()) == 200
    assert (tasks[0]["classes"], tasks[1]["classes"]) == (3, 4)
    assert tasks[0]["sha256"] == local["sha256"] != tasks[1]["sha256"]
    assert not any(item["shared_with"] for item in tasks)
    assert local["largest_class"] == most_frequent(finished.plan.local_set)
    assert [item["largest_class"] for item in tasks] == [most_frequent(task) for task in finished.plan.tasks]


def most_frequent(task):
    images = open_set(task, 8, 0)
    labels = images.labels[images.indices("test")].tolist()
    return max(labels.count(label) for label in labels)


def test_the_attackers_pictures_among_the_test_images_do_not_go_unnoticed(finished, tmp_path):
    # Another file of the same pictures as the local task.
    surrogate = write_zip(tmp_path / "theirs.zip", 150, seed=1)
    *_, first, second = data_of(finished, tmp_path, surrogate_set=str(surrogate))
    assert list(first["shared_with"]) == ["surrogate set"]
    assert not second["shared_with"]
