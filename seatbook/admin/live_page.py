"""How open pages do: how many there are, and how fresh what they show is."""

from __future__ import annotations

from flask import render_template, request

from seatbook.admin.access import open_to, staff_pages
from seatbook.admin.freshness_chart import freshness_chart
from seatbook.admin.live_words import seconds_in_words, since_in_words, within
from seatbook.live import current_live, total

blueprint = staff_pages("staff_live", __name__)

# What the product promises: 99 of 100 changes are on their way to open pages within this.
AIM_SECONDS = 0.25


@blueprint.get("/live")
@open_to("box_office", "admin")
def live() -> str:
    """The page; for htmx its figures alone, as they are now."""
    reports, are_all = current_live().reports.read()
    whole = total(reports)
    return render_template(
        "staff/_live_figures.html" if "HX-Request" in request.headers else "staff/live.html",
        reports=reports,
        are_all=are_all,
        whole=whole,
        chart=freshness_chart(whole.freshness, aim_seconds=AIM_SECONDS),
        p50=within(whole.freshness, 0.5),
        p99=within(whole.freshness, 0.99),
        is_fresh=(whole.freshness.quantile(0.99) or 0) <= AIM_SECONDS,
        aim=seconds_in_words(AIM_SECONDS),
        within=within,
        since_in_words=since_in_words,
    )
