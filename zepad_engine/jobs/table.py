"""Every kind of job and its function."""

from __future__ import annotations

from typing import Final

from zepad_engine.jobs.adapting import adapt
from zepad_engine.jobs.answering import answer
from zepad_engine.jobs.attributing import attribute_examples
from zepad_engine.jobs.context import Function
from zepad_engine.jobs.crafting import craft
from zepad_engine.jobs.curving import curve
from zepad_engine.jobs.defending import purify, train_bmp, tune
from zepad_engine.jobs.describing import describe_engine
from zepad_engine.jobs.evaluating import evaluate
from zepad_engine.jobs.explaining import explain
from zepad_engine.jobs.inspecting import inspect
from zepad_engine.jobs.judging import judge
from zepad_engine.jobs.measuring import measure
from zepad_engine.jobs.neighbouring import find_neighbours
from zepad_engine.jobs.opening import open_branch, open_data
from zepad_engine.jobs.recrafting import recraft
from zepad_engine.jobs.sifting import sift
from zepad_engine.jobs.trusting import trust

FUNCTIONS: Final[dict[str, Function]] = {
    "describe": describe_engine,
    "inspect": inspect,
    "open": open_branch,
    "data": open_data,
    "craft": craft,
    "recraft": recraft,
    "curve": curve,
    "tune": tune,
    "benign": train_bmp,
    "purify": purify,
    "answer": answer,
    "adapt": adapt,
    "measure": measure,
    "trust": trust,
    "evaluate": evaluate,
    "attribute": attribute_examples,
    "judge": judge,
    "explain": explain,
    "neighbours": find_neighbours,
    "sift": sift,
}
