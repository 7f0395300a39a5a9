"""Demonstration data: an invented cinema, theatre, gig, arena, three escape rooms and a T-shirt drop.

Everything is made by the acts that everybody uses, so what they refuse cannot
be here either. All names are invented; times are relative to now.
"""

from seatbook.domain.demonstration.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD, DemoAccount
from seatbook.domain.demonstration.build import Demonstration, make_demonstration
from seatbook.domain.demonstration.contents import DatabaseContents, database_contents

__all__ = [
    "DEMO_ACCOUNTS",
    "DEMO_PASSWORD",
    "DatabaseContents",
    "DemoAccount",
    "Demonstration",
    "database_contents",
    "make_demonstration",
]
