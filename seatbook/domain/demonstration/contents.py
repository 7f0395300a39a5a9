"""What is in the database: nothing, the demonstration, or something that somebody would miss."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from seatbook.domain.demonstration.accounts import DEMO_ACCOUNTS
from seatbook.domain.demonstration.programme import programme
from seatbook.domain.transaction import run_transaction
from seatbook.extensions import db
from seatbook.models import Event, Plan, Show, User, Venue


@dataclass(frozen=True, slots=True)
class DatabaseContents:
    """`database` is its name. `own` names venues, shows and staff that are not the demonstration's."""

    database: str
    is_empty: bool
    own: tuple[str, ...]


def database_contents() -> DatabaseContents:
    """Look what is there. Customers and unlisted events (of `flask stress`) may come with trying things out."""
    productions = programme()
    venues = {production.venue.name for production in productions}
    titles = {production.show.title for production in productions}
    staff = {account.username for account in DEMO_ACCOUNTS}

    def act(session: Session) -> DatabaseContents:
        is_empty = not session.execute(
            select(exists().select_from(Show) | exists().select_from(Venue) | exists().select_from(User))
        ).scalar_one()
        # A venue or show counts as somebody's own unless all it ever had is an unlisted event.
        only_unlisted = (
            exists().where(Event.venue_id == Venue.id)
            & ~exists().where(Event.venue_id == Venue.id, Event.listed)
            & ~exists().where(Plan.venue_id == Venue.id)
        )
        own = [
            *session.scalars(select(Venue.name).where(Venue.name.not_in(venues), ~only_unlisted)),
            *session.scalars(
                select(Show.title).where(
                    Show.title.not_in(titles), ~exists().where(Event.show_id == Show.id, ~Event.listed)
                )
            ),
            *session.scalars(
                select(User.username).where(User.username.not_in(staff), User.role != "customer")
            ),
        ]
        return DatabaseContents(
            database=db.engine.url.database or "", is_empty=is_empty, own=tuple(dict.fromkeys(own))
        )

    return run_transaction(act)
