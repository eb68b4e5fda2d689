"""What the page says of attacks on the systems, worst cases, tests, sweeps and trust: the sample's own figures."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from html import unescape
from itertools import pairwise

import msgspec
import pytest

from tests.support.report_builder import report_with
from tests.support.sample_evidence import sample_adaptive
from tests.support.sample_lights import RED, with_red_light
from zepad_engine.defences.registry import DEFENCES
from zepad_engine.evidence import Rate
from zepad_engine.findings import report_from_json
from zepad_engine.intervals import mean_of_rates
from zepad_engine.report import render_html, wording
from zepad_engine.report.lights import COLOURS, light_groups
from zepad_engine.report.sweeps import sweep_chart, sweep_groups
from zepad_engine.report.transfer import matrices
from zepad_engine.report.view import View

NEW = ("defences", "adaptive", "worst", "pairs", "sweeps", "shifts", "correlations", "retrieval", "false_alarms")
NEW += ("lights",)
LEFT = ("undefended", "clean_ensemble", "zepad", "zepad_no_bmp")
FOOLED = ("victim", "advencoder_per")
SECTIONS = ("trust", "adaptive", "transfer", "pairs", "sweeps", "label-free", "retrieval", "defences")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return render_html(report_with(), tmp_path_factory.mktemp("run"))


def words(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def section(page: str, name: str) -> str:
    start = page.index(f'<section id="{name}">')
    return page[start : page.index("</section>", start)]


def rows(markup: str) -> list[list[str]]:
    """The cells of every body row as plain words."""
    found = re.findall(r"<tr[^>]*><th scope=\"row\">.*?</tr>", markup, re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in found]


def said(rate: Rate) -> str:
    return f"{100 * rate.value:.1f} % {100 * rate.low:.1f}–{100 * rate.high:.1f}, n {rate.n:,}"


def test_trust_comes_after_the_verdict_and_before_the_headline(page):
    places = [page.index(f'id="{name}"') for name in ("verdict", "trust", "headline", "adaptive", "tasks", "transfer")]
    assert places == sorted(places)


def test_every_light_is_told_by_its_name_a_word_and_its_statement(page):
    told = words(section(page, "trust"))
    for light in report_with().lights:
        assert f"{light.name} {light.colour} {light.statement}" in told
    assert told.count(" green ") >= 21
    assert "ZePAD, on Traffic signs 1 amber 10 green" in told


def test_no_two_colours_of_a_light_have_one_shape(tmp_path):
    page = render_html(with_red_light(report_with()), tmp_path)
    marks = [re.search(rf'<svg class="light {colour}"[^>]*>(.*?)</svg>', page) for colour in COLOURS]
    assert len({found[1] for found in marks if found}) == 3


def test_systems_with_a_red_light_come_first_and_red_lights_before_others():
    groups = light_groups(with_red_light(report_with()).lights)
    assert [group.defence for group in groups] == ["zepad", "undefended"]
    assert [light.colour for light in groups[0].lights[:3]] == ["red", "amber", "green"]
    assert groups[0].counts == (("red", 1), ("amber", 1), ("green", 9))


def test_a_red_light_leaves_no_verdict(tmp_path):
    report = with_red_light(report_with())
    page = render_html(report, tmp_path)
    head = page[page.index('<header id="verdict">') : page.index("</header>")]
    assert '<p class="verdict">No verdict</p>' in head
    reason = report.summary.verdict.removeprefix("No verdict: ")
    assert reason.endswith(RED.statement)
    assert words(head).count(reason) == 1
    assert "ZePAD keeps 82.6" not in words(head)
    assert 'class="withheld"' not in render_html(report_with(), tmp_path)


def test_attacks_on_the_systems_have_a_row_each_with_every_figure(page):
    table = rows(section(page, "adaptive"))
    found = {(cell.attack, cell.defence): cell for cell in sample_adaptive()}
    head, *body, last = table
    assert head[1:] == [said(found["pgd", key].clean_accuracy) for key in LEFT]
    for row, attack in zip(body, dict.fromkeys(attack for attack, _ in found), strict=True):
        for cell, defence in zip(row[1:], LEFT, strict=True):
            run = found[attack, defence]
            evaded = f" wrong, not flagged {said(run.evaded)}" if run.evaded else ""
            assert cell == f"{said(run.accuracy)}{evaded} {run.queries:,} queries"
    assert body[0][0] == "PGD on the system white-box; 500 steps, 5 restarts"
    assert body[2][0] == "Square Attack black-box; 2,000 steps, 1 restart"
    assert body[5][0] == "Past the detector, λ = 4 white-box; 500 steps, 5 restarts; must not be flagged"
    whole = {case.defence: case for case in report_with().worst if case.scope == "all"}
    assert last[0] == "Worst per image universal attacks among them"
    assert last[2] == said(whole["clean_ensemble"].accuracy)
    assert last[3] == f"{said(whole['zepad'].accuracy)} wrong, not flagged {said(whole['zepad'].evaded)}"


def test_many_systems_are_told_in_several_tables(tmp_path):
    one = sample_adaptive()[0]
    many = tuple(msgspec.structs.replace(one, defence=f"zepad-{number}") for number in range(7))
    markup = section(render_html(report_with(adaptive=many, worst=()), tmp_path), "adaptive")
    assert [len(row) for row in rows(markup)] == [6, 6, 3, 3]
    assert "ZePAD (6)" in words(markup)


def test_the_worst_case_stands_beside_the_clean_accuracy(page):
    headline = rows(section(page, "headline"))
    zepad = next(row for row in headline if row[0] == "ZePAD")
    cases = {case.task: case for case in report_with().worst if (case.scope, case.defence) == ("universal", "zepad")}
    assert zepad[2] == said(mean_of_rates([cases[task].accuracy for task in ("signs", "satellite", "fashion")]))
    whole = {case.defence: case for case in report_with().worst if case.scope == "all"}
    told = words(section(page, "headline"))
    assert f"Three clean encoders 89.8 % 83.4–94.0, n 128 {said(whole['clean_ensemble'].accuracy)} –" in told
    assert f"{said(whole['zepad'].accuracy)} {said(whole['zepad'].evaded)}" in told
    signs = words(section(page, "tasks")).split("Traffic signs")[1]
    assert said(cases["signs"].accuracy) in signs


def test_the_transfer_matrix_takes_the_strongest_attack_of_each_origin():
    report = report_with()
    (first, *_), found = matrices(report), {(c.defence, c.attack, c.task): c for c in report.cells}
    assert first.origins == ("victim", "control")
    assert [defence for defence, _ in first.rows] == list(dict.fromkeys(cell.defence for cell in report.cells))
    undefended = dict(first.rows)["undefended"]
    assert undefended[0].attack == "advencoder_per"
    assert undefended[0].accuracy == found["undefended", "advencoder_per", "emoji"].ra
    # 59.0 on clean images, 38.1 and 57.3 under attack: 20.9 and 1.7 points lost.
    assert [meeting.shade for meeting in undefended] == [2, 0]
    satellite = dict(matrices(report)[2].rows)["undefended"]
    # 81.2 less 28.3 is 52.9 points: the last shade.
    assert satellite[0].shade == 4


def test_attacks_of_one_origin_make_no_matrix(tmp_path):
    attacks = tuple(msgspec.structs.replace(attack, steps=10) for attack in report_with().attacks)
    report = report_with(attacks=attacks)
    assert matrices(report) == ()
    assert 'id="transfer"' not in render_html(report, tmp_path)


def test_a_cell_of_the_matrix_says_its_figure_and_its_attack(page):
    cell = next(c for c in report_with().cells if (c.defence, c.attack, c.task) == ("zepad", "l4a_base", "signs"))
    assert f"{said(cell.ra)} PAP L4A-base" in words(section(page, "transfer"))
    assert section(page, "transfer").count('class="swatch shade-') == 5


def test_paired_tests_are_worded_plainly(page):
    told = words(section(page, "pairs"))
    assert "ZePAD and Undefended +27.7 points +21.5 to +33.9, n 325 98 to 8, p < 0.001 ZePAD is better" in told
    assert ("ZePAD and ZePAD without BMP −1.2 points −4.1 to +1.6, n 325 9 to 13, p = 0.52 no difference shown") in told
    assert "−22.7 points −31.5 to −13.9, n 128 2 to 31, p < 0.001 ZePAD without BMP is better" in told
    # Those under single universal attacks would fill pages: report.json has them.
    assert "33 to 7" not in told
    assert "PAP L4A-base" not in told


def test_pairs_without_a_worst_case_are_all_told(tmp_path):
    pairs = tuple(pair for pair in report_with().pairs if pair.attack != "worst")
    told = words(section(render_html(report_with(pairs=pairs), tmp_path), "pairs"))
    assert "33 to 7" in told
    assert "stand in report.json" not in told


def test_sweeps_of_one_setting_share_a_chart():
    groups = sweep_groups(report_with().sweeps)
    assert [(group.quantity, len(group.sweeps), group.attack) for group in groups] == [
        ("epsilon_255", 2, "pgd"),
        ("steps", 1, "pgd"),
        ("k", 2, "advencoder_per"),
        ("margin", 2, "advencoder_per"),
    ]


def test_a_point_of_a_sweep_stands_where_its_numbers_say():
    group = sweep_groups(report_with().sweeps)[1]
    chart = ElementTree.fromstring(sweep_chart(group, View(report_with()).defence))
    _, first = group.sweeps[0].points[0]
    whisker = next(part for part in chart if part.attrib.get("class") == "whisker fused")
    low, high = (float(point.split(",")[1]) for point in whisker.attrib["points"].split())
    # 168 pixels for 0 to 100, the floor at 180.
    assert (low, high) == pytest.approx((180 - 168 * first.low, 180 - 168 * first.high), abs=0.1)
    assert (
        f"1: {100 * first.value:.1f} ({100 * first.low:.1f} to {100 * first.high:.1f}, n 128)"
        in (chart.attrib["aria-label"])
    )
    ticks = [part.text for part in chart if part.attrib.get("class") == "tick"]
    assert {"1", "5", "10", "20", "50", "100"} <= set(ticks)


def test_a_budget_of_zero_has_a_place_on_a_wide_axis():
    group = sweep_groups(report_with().sweeps)[0]
    chart = ElementTree.fromstring(sweep_chart(group, View(report_with()).defence))
    across = [
        float(part.attrib["x"])
        for part in chart
        if part.attrib.get("class") == "tick" and part.attrib.get("text-anchor") == "middle"
    ]
    assert len(across) == 6
    assert across == sorted(across)
    assert min(after - before for before, after in pairwise(across)) > 20


def test_false_alarms_stand_beside_the_roc(page):
    table = rows(section(page, "detection"))
    found = report_with().false_alarms
    named = ["Clean images", "JPEG, quality 75", "Blur of 1 pixel", "Noise of 4/255, not aimed"]
    for alarm, name in zip(found, [*named, "Other images: Fashion-MNIST"], strict=True):
        accuracy = said(alarm.accuracy) if alarm.accuracy else "–"
        rates = [alarm.flagged_at_5, alarm.flagged_at_1, alarm.flagged_at_margin]
        assert [name, *map(said, rates), accuracy] in table


def test_what_is_measured_without_labels_has_n_and_the_correlation_its_p(page):
    told = words(section(page, "label-free"))
    assert "Cosine shift 0.83 n 12 < 0.001" in told
    assert "Effective rank kept −0.31 n 12 0.33" in told
    victim = next(row for row in rows(section(page, "label-free")) if row[:2] == ["AdvEncoder-PER", "Victim, untuned"])
    signs, satellite = (s.cluster_fooling for s in report_with().shifts if (s.branch, s.attack) == FOOLED)
    drop = 100 * 0.6 * 0.58
    assert victim[2:] == [
        "2, n 1,299",
        "0.410",
        "0.22",
        "31.2 to 18.9",
        said(mean_of_rates([signs, satellite])),
        f"{drop:.1f} points",
    ]


def test_retrieval_has_recall_and_precision_of_every_branch_and_attack(page):
    table = rows(section(page, "retrieval"))
    found = {(f.branch, f.attack): f for f in report_with().retrieval}
    for branch, name in (("victim", "Victim, untuned"), ("zepad", "ZePAD's branches together")):
        cells = [found[branch, attack] for attack in ("none", "advencoder_per")]
        assert [name, *(f"{said(f.recall_at_1)} mAP {said(f.mean_average_precision)}" for f in cells)] in table


def test_defences_and_attacks_on_them_have_source_and_recipe(page):
    table = rows(section(page, "defences"))
    heard = "MPAE 1, tuned victim; MPAE 2, tuned auxiliary; BMP, benign branch"
    assert ["ZePAD", "arXiv 2602.11204, ICLR 2026", heard, "zepad(k=3.0, temperature=False)"] in table
    aimed = rows(section(page, "attacks"))[0]
    assert aimed[:2] == ["PGD on the system", "Madry et al., ICLR 2018"]
    assert aimed[2:4] == ["pgd(steps=100, restarts=5, step=0.25)", "10/255 = 0.0392"]
    assert aimed[5] == "2.8 min, seed 0"


def test_names_of_defences_are_the_reports_own():
    view = View(report_with())
    assert view.defence_name("zepad_no_bmp") == "ZePAD without BMP"
    assert View(report_with(defences=())).defence_name("zepad_no_bmp") == "ZePAD without the benign branch"
    assert view.defence_name("zepad-k5") == "ZePAD (k5)"
    assert view.defence_name("never_heard_of") == "never_heard_of"


def test_every_defence_of_the_product_has_its_look():
    assert set(DEFENCES) <= set(wording.DEFENCES)
    assert all(meaning.about for meaning in wording.DEFENCES.values())


def older(report):
    """The report as the version before wrote it."""
    told = msgspec.to_builtins(report)
    for name in NEW:
        del told[name]
    for attack in told["attacks"]:
        del attack["norm"], attack["patch_side"]
    del told["plan"]["adaptive"], told["plan"]["purifying"]
    return report_from_json(msgspec.json.encode({**told, "schema_version": "1.1"}))


def test_a_report_of_the_version_before_renders_without_the_new_sections(tmp_path):
    attacks = tuple(msgspec.structs.replace(attack, steps=10) for attack in report_with().attacks)
    page = render_html(older(report_with(attacks=attacks)), tmp_path)
    assert "(schema 1.1)" in page
    for name in SECTIONS:
        assert f'id="{name}"' not in page
        assert f'href="#{name}"' not in page
    for gone in ("Worst per image", "False alarms</h3>", "On the defended systems", "If each image meets"):
        assert gone not in page
    found = next(average for average in report_with().averages if average.unseen and average.ra is not None)
    assert said(found.ra) in words(section(page, "headline"))


def test_many_attacks_are_told_in_several_tables(tmp_path):
    cells = report_with().cells
    more = tuple(
        msgspec.structs.replace(cell, attack=f"a{number}")
        for number in range(10)
        for cell in cells
        if cell.attack == "l4a_base"
    )
    clean = tuple(cell for cell in cells if cell.attack == "none")
    page = render_html(report_with(cells=clean + more, worst=(), detection=(), branches=()), tmp_path)
    accuracies = [row for row in rows(section(page, "tasks").split("<h3>")[1]) if row[0] == "ZePAD"]
    # Clean and 6, then 4 more; of the success rates two each: 4, 4 and 2 attacks.
    assert [len(row) - 1 for row in accuracies] == [7, 4, 8, 8, 4]
