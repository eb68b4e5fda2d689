"""Every message round-trips; nothing else may cross the wire."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from tests.support.sample_preflight import opened
from tests.support.sample_report import sample_cells
from zepad_engine.bundle_words import BundleOpened, OpenBundle
from zepad_engine.card import Overrides
from zepad_engine.comparison import Compare, Compared
from zepad_engine.describe import describe
from zepad_engine.findings import AuditReport, report_from_json
from zepad_engine.messages import (
    Cancel,
    Cancelled,
    Continue,
    Continued,
    Event,
    Export,
    Exported,
    Failed,
    Finished,
    Found,
    Inspect,
    Inspected,
    Measured,
    Opened,
    Pause,
    Paused,
    Previewed,
    Progressed,
    Ready,
    Request,
    RunAudit,
    StageInfo,
    Started,
    decode_event,
    decode_request,
    encode,
)
from zepad_engine.plan import AuditPlan
from zepad_engine.questions import (
    BranchJudgement,
    BranchMap,
    ClassScore,
    Explained,
    ExplainImage,
    FindNeighbours,
    Judged,
    JudgeImage,
    MapAgreement,
    MapPoint,
    Neighbour,
    Neighboured,
    Sifted,
    SiftImages,
    SiftRow,
    Subject,
)

SUBJECT = Subject(folder="runs/r", image="test:0", task="sample:signs", attack="pgd", epsilon_255=8.0, step=3)
POINT = MapPoint(x=0.5, y=-1.5, label="stop", perturbed=True, index=7)
SAID = BranchJudgement(branch="benign", top=(ClassScore(name="stop", probability=0.5),), m=0.5, c=0.5, weight=0.25)

REQUESTS = [
    Inspect(request="1", path="encoder.pt", says=Overrides(input_size=64)),
    RunAudit(run="r", plan=AuditPlan(seed=3), folder="runs/r"),
    Cancel(run="r"),
    Pause(run="r"),
    Continue(run="r"),
    JudgeImage(request="2", subject=SUBJECT),
    ExplainImage(request="4", subject=SUBJECT, method="occlusion"),
    FindNeighbours(request="5", subject=SUBJECT, branch="benign", count=4),
    SiftImages(request="6", folder="runs/r", images=("a.png", "b.png"), task="sample:signs"),
    Compare(request="7", first="runs/a", second="runs/b"),
    OpenBundle(request="8", path="a.zepad", parent="runs"),
    Export(request="3", folder="runs/r", format="html", destination="out.html"),
]
EVENTS = [
    Ready(protocol=1, catalogue=describe(), device="CPU", workers=2, speed=1.0, versions={"torch": "2"}),
    Opened(request="1", path="encoder.pt", preflight=opened()),
    Inspected(request="1", path="encoder.pt", preflight=opened(), says=Overrides(net="teacher/", mean=(0.5, 0.5, 0.5))),
    Started(run="r", folder="runs/r", stages=(StageInfo(key="open", name="Open", share=0.1),)),
    Progressed(run="r", stage="open", done=0.5, whole=0.1, elapsed=3.0, remaining=None, note="reading"),
    Paused(run="r", frozen=True),
    Continued(run="r"),
    Measured(run="r", points={"tuned_victim/cross_entropy": ((0.0, 1.5), (1.0, 1.25))}),
    Previewed(run="r", key="attack_l4a_base", caption="stretched", path="attacks/l4a_base.png"),
    Found(run="r", cells=sample_cells()),
    Finished(run="r", report="runs/r/report.json"),
    Cancelled(run="r", folder="runs/r"),
    Judged(
        request="2",
        subject=SUBJECT,
        shown="a.png",
        perturbed="b.png",
        residual="c.png",
        residual_gain=15.9,
        undefended=SAID,
        branches=(SAID,),
        fused=SAID.top,
        score=0.1,
        threshold=0.2,
        achieved_fpr=0.05,
        flagged=False,
        calibration=(0.1, 0.2),
        notes=("cropped",),
        seconds_predict=0.1,
    ),
    Explained(
        request="4",
        subject=SUBJECT,
        method="occlusion",
        maps=(BranchMap(branch="undefended", values="a.npy", deletion=0.1, insertion=0.9),),
        agreement=(MapAgreement(first="undefended", second="benign", rho=-0.25),),
        seconds=0.2,
    ),
    Neighboured(
        request="5",
        subject=SUBJECT,
        branch="benign",
        points=(POINT,),
        clean=POINT,
        perturbed=POINT,
        nearest=(Neighbour(index=7, label="stop", perturbed=False, similarity=0.75, thumbnail="a.png"),),
        share=0.5,
    ),
    Sifted(request="6", rows=(SiftRow(image="a.png", answer="stop"), SiftRow(image="b.png", refused="No picture."))),
    Compared(request="7", first="runs/a", second="runs/b", path="cache/comparisons/1.json"),
    BundleOpened(request="8", path="a.zepad", folder="runs/a", files=9, seal="ab", key="12 34", signer="me"),
    Exported(request="3", path="out.html"),
    Failed(request="2", code="image.bad", sentence="This is no picture."),
]


def name(message: object) -> str:
    return type(message).__name__


def test_every_kind_of_message_is_in_these_lists():
    assert {type(message) for message in REQUESTS} == set(get_args(Request))
    assert {type(message) for message in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("message", [*REQUESTS, *EVENTS], ids=name)
def test_a_message_is_one_line_and_comes_back_equal(message):
    line = encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    decode = decode_request if message in REQUESTS else decode_event
    assert decode(line) == message
    assert msgspec.json.decode(line)["type"]


@pytest.mark.parametrize("message", [*REQUESTS, *EVENTS], ids=name)
def test_a_field_nobody_declared_is_refused(message):
    decode = decode_request if message in REQUESTS else decode_event
    plain = msgspec.json.decode(encode(message))
    with pytest.raises(msgspec.ValidationError, match="unknown field `surprise`"):
        decode(msgspec.json.encode({**plain, "surprise": 1}))


@pytest.mark.parametrize("message", [*REQUESTS, *EVENTS], ids=name)
def test_a_missing_field_is_refused(message):
    decode = decode_request if message in REQUESTS else decode_event
    plain = msgspec.json.decode(encode(message))
    first = next(field for field in plain if field != "type")
    del plain[first]
    with pytest.raises(msgspec.ValidationError, match=f"missing required field `{first}`"):
        decode(msgspec.json.encode(plain))


def test_an_event_is_no_request_and_a_request_no_event():
    with pytest.raises(msgspec.ValidationError):
        decode_request(encode(EVENTS[-1]))
    with pytest.raises(msgspec.ValidationError):
        decode_event(encode(REQUESTS[0]))


@pytest.mark.parametrize("line", [b"", b"\n", b"hello\n", b"[]\n", b'{"type": "eval"}\n', b'{"run": "r"}\n', b"\xff\n"])
def test_anything_else_is_a_decode_error(line):
    for decode in (decode_request, decode_event):
        with pytest.raises(msgspec.DecodeError):
            decode(line)


def test_a_plan_inside_a_request_is_checked_too():
    plain = msgspec.json.decode(encode(REQUESTS[1]))
    plain["plan"]["tuning"]["surprise"] = 1
    with pytest.raises(msgspec.ValidationError, match="surprise"):
        decode_request(msgspec.json.encode(plain))


def test_a_report_with_a_field_nobody_declared_is_refused():
    fields = AuditReport.__struct_fields__
    with pytest.raises(msgspec.DecodeError):
        report_from_json(msgspec.json.encode({**dict.fromkeys(fields), "surprise": 1}))
