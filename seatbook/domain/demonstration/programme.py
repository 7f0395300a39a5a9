"""What is on in the demonstration: venues, shows, and their dates as days from now and hours of the evening."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from seatbook.domain.catalogue import NewShow, NewVenue
from seatbook.domain.demonstration import arena, halls
from seatbook.domain.plans import PlanLayout
from seatbook.domain.timetable import Rule, Timetable
from seatbook.domain.timetables import Room

TIME_ZONE = "Europe/Dublin"
CURRENCY = "EUR"
ROOM_DURATION, ROOM_PAUSE = timedelta(minutes=60), timedelta(minutes=30)
AFTERNOON = (time(11), time(12, 30), time(14), time(15, 30))
EVENING = (time(17), time(18, 30), time(20))
MONDAY_TO_FRIDAY, WEEKEND = frozenset(range(5)), frozenset({5, 6})


@dataclass(frozen=True, slots=True)
class Date:
    """One event. `sold` is the share of its places that are bought already; `keep` leaves that many free
    instead. `opens_in_days` delays the sale."""

    day: int
    time: str
    sold: float = 0.0
    keep: int | None = None
    opens_in_days: int | None = None


@dataclass(frozen=True, slots=True)
class Production:
    """A show with its events. `prices` are amounts by category; no price at all is free."""

    show: NewShow
    venue: NewVenue
    layout: PlanLayout
    prices: Mapping[str, str]
    dates: tuple[Date, ...]
    minutes: int
    plan: str | None = None
    hold_ttl_seconds: int = 300
    max_seats: int = 8
    cancel_hours: int | None = 0
    blocked: tuple[str, ...] = field(default=())
    # Percent off, by who pays less and by code.
    concessions: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    fee_per_place: str = "0"
    fee_per_order: str = "0"
    late_offer_seconds: int | None = None
    # Rooms make their slots by a timetable.
    rooms: Mapping[str, Room] = field(default_factory=dict)
    # So large that its places are not bought by two or three.
    is_arena: bool = False


LANTERN = NewVenue("Lantern Cinema", "14 Quay Street, Harbourtown", TIME_ZONE)
PLAYHOUSE = NewVenue("Aldermoor Playhouse", "2 Market Square, Aldermoor", TIME_ZONE)
ARENA = NewVenue("Northgate Arena", "Terminal Road 1, Harbourtown", TIME_ZONE)
YARD = NewVenue("Foundry Yard", "Furnace Lane 30, Harbourtown", TIME_ZONE)
ROOMS = NewVenue("Locksmith Row", "7 Locksmith Row, Aldermoor", TIME_ZONE)


def programme() -> tuple[Production, ...]:
    """Everything that is on. Made when it is asked for: halls are not laid out at import."""
    return (*_films(), *_plays(), _tour(), _gig(), _arena(), *_rooms(), _shirts())


def _films() -> tuple[Production, ...]:
    screen = halls.cinema()
    films = (
        (
            NewShow(
                "The Salt Road",
                "film",
                "A postwoman, a dry sea, one last letter.",
                "The sea left forty years ago. Maren still delivers the mail across its floor, from one stranded "
                "harbour to the next, until a letter arrives that is addressed to the water. 118 minutes.",
                "salt-road",
            ),
            118,
            (Date(0, "20:30", 0.55), Date(2, "18:00", 0.3), Date(4, "20:30", 0.15), Date(7, "18:00")),
        ),
        (
            NewShow(
                "Night Ferry",
                "film",
                "Everybody on board has missed something.",
                "The last boat of the season, a crossing of nine hours, and a passenger list with one name too "
                "many. A thriller in real time, or nearly. 97 minutes.",
                "night-ferry",
            ),
            97,
            # The one that is nearly sold out.
            (Date(1, "20:30", keep=3), Date(2, "21:00", 0.6), Date(5, "20:30", 0.25), Date(8, "20:30")),
        ),
        (
            NewShow(
                "Paper Moons",
                "film",
                "An animated voyage for two and a kite.",
                "Two children fold a rocket out of the evening paper. It flies, for as long as nobody reads the "
                "news. Cut, folded and filmed by hand over six years; for everybody from six. 84 minutes.",
                "paper-moons",
            ),
            84,
            (Date(1, "16:00", 0.4), Date(2, "15:00", 0.5), Date(6, "16:00", 0.1), Date(9, "15:00")),
        ),
        (
            NewShow(
                "A Year of Bees",
                "film",
                "Four seasons, sixty thousand workers, no narrator.",
                "A documentary that listens. Twelve months beside one hive on the roof of a town hall, without a "
                "word of commentary and with a sound that fills the room. 102 minutes.",
                "year-of-bees",
            ),
            102,
            (Date(0, "18:00", 0.25), Date(3, "18:00", 0.2), Date(5, "18:00", 0.1), Date(10, "18:00")),
        ),
    )
    return tuple(
        Production(
            show=show,
            venue=LANTERN,
            layout=screen,
            plan="Screen 1",
            prices={"Standard": "11.00", "Sofa row": "15.50"},
            dates=dates,
            minutes=minutes,
            hold_ttl_seconds=600,
            cancel_hours=1,
            concessions={"Child": 50, "Student": 25},
            codes={"LANTERN10": 10},
            late_offer_seconds=600,
        )
        for show, minutes, dates in films
    )


def _plays() -> tuple[Production, ...]:
    house = halls.theatre()
    prices = {"Front stalls": "48.00", "Rear stalls": "36.00", "Balcony": "24.00", "Boxes": "62.00"}
    return (
        Production(
            show=NewShow(
                "The Glass Orchard",
                "theatre",
                "A family, a harvest, and nothing that may fall.",
                "Every autumn the Vesterholms pick what their grandmother blew: three hundred apples of glass. This "
                "year the buyer has come in person. A comedy in three acts with one interval.",
                "glass-orchard",
            ),
            venue=PLAYHOUSE,
            layout=house,
            plan="House",
            prices=prices,
            dates=(
                Date(1, "19:30", 0.6),
                Date(3, "19:30", 0.25),
                Date(4, "19:30", 0.15),
                Date(8, "14:30", 0.1),
                Date(10, "19:30"),
            ),
            minutes=150,
            cancel_hours=24,
            blocked=("A3", "A4"),
            concessions={"Child": 50, "Student": 30},
            late_offer_seconds=900,
        ),
        Production(
            show=NewShow(
                "The Weather Inspector",
                "theatre",
                "He has come to count the rain.",
                "An official arrives in a village that has reported the same sunshine for eleven years. Farce, with "
                "umbrellas. Two hours with an interval.",
                "weather-inspector",
            ),
            venue=PLAYHOUSE,
            layout=house,
            plan="House",
            prices=prices,
            # The one that is not on sale yet.
            dates=(Date(24, "19:30", opens_in_days=3), Date(25, "19:30", opens_in_days=3)),
            minutes=120,
            cancel_hours=24,
            concessions={"Child": 50, "Student": 30},
        ),
    )


def _tour() -> Production:
    return Production(
        show=NewShow(
            "Behind the Curtain",
            "other",
            "A free walk through the house, from the trap to the fly loft.",
            "The stage carpenters show what the audience never sees: the trap room, the counterweights, and the "
            "thunder run of 1911. Sturdy shoes, please. One hour.",
            "behind-the-curtain",
        ),
        venue=PLAYHOUSE,
        layout=halls.guided_tour(),
        prices={},
        dates=(Date(2, "11:00", 0.6), Date(9, "11:00", 0.1)),
        minutes=60,
        max_seats=4,
    )


def _gig() -> Production:
    return Production(
        show=NewShow(
            "Velvet Tramlines",
            "concert",
            "Brass, tape loops and a very long encore.",
            "Nine people, eleven instruments, one extension lead. The band plays all of “Terminus” in order, and "
            "then whatever is shouted. Doors at seven; the gallery has seats.",
            "velvet-tramlines",
        ),
        venue=YARD,
        layout=halls.yard(),
        plan="Yard and gallery",
        prices={"Standing": "32.00", "Gallery": "44.00"},
        dates=(Date(5, "20:00", 0.08),),
        minutes=180,
        cancel_hours=48,
        fee_per_place="1.50",
        fee_per_order="2.00",
    )


def _arena() -> Production:
    return Production(
        show=NewShow(
            "Aurora Freight",
            "concert",
            "Eighteen lorries of light, one night in each town.",
            "Four musicians, a choir of sixty, and a sky that they bring along. The tour of “Long Haul” plays in the "
            "round bowl of the arena, with standing on the floor and seats on two levels. Doors at six.",
            "aurora-freight",
        ),
        venue=ARENA,
        layout=arena.arena(),
        plan="End stage, standing floor",
        prices=arena.PRICES,
        # What is bought by two or three, beside the parties that fill whole sections.
        dates=(Date(12, "19:30", 0.002),),
        minutes=165,
        cancel_hours=72,
        is_arena=True,
    )


def _rooms() -> tuple[Production, ...]:
    rooms = (
        (
            NewShow(
                "The Last Lighthouse",
                "escape_room",
                "The lamp is out and a ship is due in sixty minutes.",
                "For two to six keepers. Find the spare wick, the missing page of the log, and the reason why nobody "
                "has used the stairs since Tuesday.",
                "last-lighthouse",
            ),
            {"Off-peak": "84.00", "Peak": "102.00"},
            Room(_hours(), party=(2, 6)),
            0.35,
        ),
        (
            NewShow(
                "Doctor Merle's Vault",
                "escape_room",
                "Seven locks. She only ever told her cat.",
                "For two to five. The doctor left her fortune to whoever opens the vault without breaking anything. "
                "Gloves are provided; the cat is stuffed.",
                "merles-vault",
            ),
            # A price for each person.
            {"Off-peak": "19.00", "Peak": "23.00"},
            Room(_hours(), party=(2, 5), price_per="person"),
            0.25,
        ),
        (
            NewShow(
                "The Alchemist's Attic",
                "escape_room",
                "Leave with gold, or as a newt.",
                "For three to six apprentices who are late with their homework. Smells of sulphur, mostly harmless, "
                "suitable from ten years on.",
                "alchemists-attic",
            ),
            {"Off-peak": "92.00", "Peak": "112.00"},
            # Closed on Mondays.
            Room(_hours(besides=frozenset({0})), party=(3, 6)),
            0.15,
        ),
    )
    return tuple(
        Production(
            show=show,
            venue=ROOMS,
            layout=halls.room(show.title),
            prices=prices,
            # Of a room that is booked as a whole nobody pays less.
            concessions={"Child": 50, "Student": 25} if room.price_per == "person" else {},
            dates=(Date(0, "11:00", sold),),
            minutes=60,
            max_seats=2,
            cancel_hours=48,
            rooms={show.title: room},
        )
        for show, prices, room, sold in rooms
    )


def _hours(*, besides: frozenset[int] = frozenset()) -> Timetable:
    """Cheaper in the afternoons of the week; evenings and weekends are what everybody wants."""
    return Timetable(
        (
            Rule(AFTERNOON, ROOM_DURATION, MONDAY_TO_FRIDAY - besides, ROOM_PAUSE, "Off-peak"),
            Rule(EVENING, ROOM_DURATION, MONDAY_TO_FRIDAY - besides, ROOM_PAUSE, "Peak"),
            Rule((*AFTERNOON, *EVENING), ROOM_DURATION, WEEKEND, ROOM_PAUSE, "Peak"),
        )
    )


def _shirts() -> Production:
    return Production(
        show=NewShow(
            "Terminus Tour T-Shirt",
            "merchandise",
            "220 pieces, printed by hand, never again.",
            "Heavy cotton in night blue with the line map of the Velvet Tramlines on the back. Reserve yours and "
            "collect it at the merchandise desk in the Foundry Yard within two weeks.",
            "tour-shirt",
        ),
        venue=YARD,
        layout=halls.shirts({"Size S": 40, "Size M": 70, "Size L": 70, "Size XL": 40}),
        prices={"T-shirt": "28.00"},
        dates=(Date(0, "12:00", 0.3),),
        minutes=14 * 24 * 60,
        max_seats=3,
        cancel_hours=None,
    )
