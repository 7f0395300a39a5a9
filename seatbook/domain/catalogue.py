"""Venues, shows and plans: what events are made from.

A venue is known by its name, whatever its capitals; a show by its title and
kind. Acts that need one of them take either the id of one that exists or a
`NewVenue`/`NewShow`, which is found by its name or made in the same transaction:
so an act that is refused leaves no half of its work behind.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from seatbook.domain.local_time import checked_time_zone
from seatbook.domain.plans import PlanLayout, check_layout, document_from_layout, layout_from_document
from seatbook.domain.transaction import run_transaction
from seatbook.errors import N_, Busy, InvalidInput, NotFound
from seatbook.models import Plan, Show, Venue
from seatbook.models.catalogue import SHOW_KINDS

MAX_TEXT_LENGTH = 200
MAX_DESCRIPTION_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class NewVenue:
    """A venue by its name. Where it exists, that one is meant, and its address and zone stay as they are."""

    name: str
    address: str = ""
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class NewShow:
    """A show by its title and kind. Where it exists, that one is meant, and its texts stay as they are."""

    title: str
    kind: str
    tagline: str = ""
    description: str = ""
    poster: str | None = None


@dataclass(frozen=True, slots=True)
class VenueRecord:
    """A venue as it is in the database; `created` says whether this act made it."""

    venue_id: int
    name: str
    address: str
    time_zone: str
    created: bool = False


@dataclass(frozen=True, slots=True)
class ShowRecord:
    """A show as it is in the database; `created` says whether this act made it."""

    show_id: int
    title: str
    kind: str
    created: bool = False


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan in the database. `outcome` is created, replaced, or unchanged (the same layout was there)."""

    plan_id: int
    name: str
    venue: VenueRecord
    outcome: str


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """A plan with its layout."""

    plan_id: int
    name: str
    venue_id: int
    layout: PlanLayout


class PlanExists(InvalidInput):
    """The venue has a plan of that name, with another layout."""


def create_venue(name: str, *, address: str = "", time_zone: str = "UTC") -> VenueRecord:
    """Make a venue. Raises InvalidInput when there is one of that name, or the zone is unknown."""
    new = NewVenue(name=name, address=address, time_zone=time_zone)
    check_venue(new)

    def act(session: Session) -> VenueRecord:
        venue = venue_in_transaction(session, new)
        if not venue.created:
            raise InvalidInput(
                field="name", reason=N_("There is already a venue named “%(venue)s”."), venue=venue.name
            )
        return venue

    return run_transaction(act)


def create_show(
    title: str, *, kind: str, tagline: str = "", description: str = "", poster: str | None = None
) -> ShowRecord:
    """Make a show. `poster` names a drawing below static/posters/; None is the plain one of its kind."""
    new = NewShow(title=title, kind=kind, tagline=tagline, description=description, poster=poster)
    check_show(new)
    return run_transaction(lambda session: _insert_show(session, new))


def store_plan(layout: PlanLayout, *, name: str, venue: NewVenue | int, replace: bool = False) -> StoredPlan:
    """Keep a layout as a plan of a venue; venue and plan come in one transaction, or neither does.

    Repeating it with the same layout changes nothing. Another layout under a
    name that is taken raises PlanExists, unless `replace`: events made from
    the old one keep their own seats. Raises PlanFaults, NotFound (venue id).
    """
    check_layout(layout)
    _check_text(name, field="name", reason=PLAN_NAME)
    if isinstance(venue, NewVenue):
        check_venue(venue)
    document = document_from_layout(layout)

    def act(session: Session) -> StoredPlan:
        at = venue_in_transaction(session, venue)
        # Whoever comes second waits here for the first one's commit, and then finds its plan below.
        plan_id = session.execute(
            insert(Plan)
            .values(venue_id=at.venue_id, name=name, layout=document)
            .on_conflict_do_nothing(index_elements=[Plan.venue_id, Plan.name])
            .returning(Plan.id)
        ).scalar_one_or_none()
        if plan_id is not None:
            return StoredPlan(plan_id, name, at, "created")
        plan = session.execute(
            select(Plan.id, Plan.layout).where(Plan.venue_id == at.venue_id, Plan.name == name)
        ).one()
        if plan.layout == document:
            return StoredPlan(plan.id, name, at, "unchanged")
        if not replace:
            raise PlanExists(
                field="name",
                reason=N_(
                    "%(venue)s already has a plan named “%(name)s” with other seats. "
                    "Choose another name, or ask for it to be replaced."
                ),
                venue=at.name,
                name=name,
            )
        session.execute(Plan.__table__.update().where(Plan.id == plan.id).values(layout=document))  # type: ignore[attr-defined]
        return StoredPlan(plan.id, name, at, "replaced")

    return run_transaction(act)


def find_venue(name: str) -> VenueRecord:
    """The venue of that name, whatever its capitals. Raises NotFound."""
    venue = run_transaction(lambda session: _venue_named(session, name))
    if venue is None:
        raise NotFound(what=f"venue as “{name}”")
    return venue


def find_plan(name: str, *, venue_id: int) -> PlanRecord:
    """The venue's plan of that name. Raises NotFound."""
    plan = run_transaction(
        lambda session: session.execute(
            select(Plan.id, Plan.name, Plan.layout)
            .where(Plan.venue_id == venue_id, func.lower(Plan.name) == name.lower())
            # Names that differ in their capitals only are two plans: the exact one is meant first.
            .order_by((Plan.name == name).desc(), Plan.id)
            .limit(1)
        ).one_or_none()
    )
    if plan is None:
        raise NotFound(what=f"plan of this venue as “{name}”")
    return PlanRecord(plan.id, plan.name, venue_id, layout_from_document(plan.layout))


def load_plan(plan_id: int) -> PlanRecord:
    """The plan of that id. Raises NotFound."""
    plan = run_transaction(
        lambda session: session.execute(
            select(Plan.id, Plan.name, Plan.venue_id, Plan.layout).where(Plan.id == plan_id)
        ).one_or_none()
    )
    if plan is None:
        raise NotFound(what="plan")
    return PlanRecord(plan.id, plan.name, plan.venue_id, layout_from_document(plan.layout))


def find_show(title: str) -> ShowRecord:
    """The newest show of that title, whatever its capitals. Raises NotFound."""
    show = run_transaction(lambda session: _show_titled(session, title, kind=None))
    if show is None:
        raise NotFound(what=f"show as “{title}”")
    return show


def check_venue(venue: NewVenue) -> None:
    """Raise InvalidInput unless such a venue could be made."""
    _check_text(venue.name, field="venue", reason=VENUE_NAME)
    if len(venue.address) > MAX_TEXT_LENGTH or "\0" in venue.address:
        raise InvalidInput(
            field="address",
            reason=N_("An address has at most %(most)s characters, all of them readable."),
            most=MAX_TEXT_LENGTH,
        )
    checked_time_zone(venue.time_zone)


def check_show(show: NewShow) -> None:
    """Raise InvalidInput unless such a show could be made."""
    _check_text(show.title, field="title", reason=SHOW_TITLE)
    if show.kind not in SHOW_KINDS:
        raise InvalidInput(
            field="kind",
            reason=N_("“%(kind)s” is not a kind of show: %(kinds)s."),
            kind=show.kind,
            kinds=", ".join(SHOW_KINDS),
        )
    for field, value, longest, reason in (
        ("tagline", show.tagline, MAX_TEXT_LENGTH, N_("A tagline has at most %(most)s readable characters.")),
        (
            "description",
            show.description,
            MAX_DESCRIPTION_LENGTH,
            N_("A description has at most %(most)s readable characters."),
        ),
    ):
        if len(value) > longest or "\0" in value:
            raise InvalidInput(field=field, reason=reason, most=longest)


def venue_in_transaction(session: Session, venue: NewVenue | int) -> VenueRecord:
    """The venue, made when it is new; part of the caller's transaction."""
    if isinstance(venue, int):
        found = session.execute(
            select(Venue.id, Venue.name, Venue.address, Venue.time_zone).where(Venue.id == venue)
        ).one_or_none()
        if found is None:
            raise NotFound(what="venue")
        return VenueRecord(*found)
    known = _venue_named(session, venue.name)
    if known is not None:
        return known
    made = session.execute(
        insert(Venue)
        .values(name=venue.name, address=venue.address, time_zone=venue.time_zone)
        .on_conflict_do_nothing()
        .returning(Venue.id)
    ).scalar_one_or_none()
    if made is not None:
        return VenueRecord(made, venue.name, venue.address, venue.time_zone, created=True)
    # Somebody made it at the same moment: our insert waited for their commit.
    known = _venue_named(session, venue.name)
    if known is None:
        raise Busy()
    return known


def show_in_transaction(session: Session, show: NewShow | int) -> ShowRecord:
    """The show, made when it is new; part of the caller's transaction."""
    if isinstance(show, int):
        found = session.execute(select(Show.id, Show.title, Show.kind).where(Show.id == show)).one_or_none()
        if found is None:
            raise NotFound(what="show")
        return ShowRecord(*found)
    return _show_titled(session, show.title, kind=show.kind) or _insert_show(session, show)


def _insert_show(session: Session, show: NewShow) -> ShowRecord:
    show_id = session.execute(
        insert(Show)
        .values(
            title=show.title,
            kind=show.kind,
            tagline=show.tagline,
            description=show.description,
            poster=show.poster,
        )
        .returning(Show.id)
    ).scalar_one()
    return ShowRecord(show_id, show.title, show.kind, created=True)


def _venue_named(session: Session, name: str) -> VenueRecord | None:
    row = session.execute(
        select(Venue.id, Venue.name, Venue.address, Venue.time_zone).where(
            func.lower(Venue.name) == func.lower(name)
        )
    ).one_or_none()
    return VenueRecord(*row) if row else None


def _show_titled(session: Session, title: str, *, kind: str | None) -> ShowRecord | None:
    query = select(Show.id, Show.title, Show.kind).where(func.lower(Show.title) == func.lower(title))
    if kind is not None:
        query = query.where(Show.kind == kind)
    row = session.execute(query.order_by(Show.id.desc()).limit(1)).one_or_none()
    return ShowRecord(*row) if row else None


PLAN_NAME = N_(
    "“%(text)s” cannot be a plan's name: it needs 1 to %(most)s readable characters, with no space at either end."
)
VENUE_NAME = N_(
    "“%(text)s” cannot be a venue's name: it needs 1 to %(most)s readable characters, with no space at either end."
)
SHOW_TITLE = N_(
    "“%(text)s” cannot be a show's title: it needs 1 to %(most)s readable characters, with no space at either end."
)


def _check_text(text: str, *, field: str, reason: str) -> None:
    if not text.strip() or text != text.strip() or len(text) > MAX_TEXT_LENGTH or not text.isprintable():
        raise InvalidInput(field=field, reason=reason, text=text.strip(), most=MAX_TEXT_LENGTH)
