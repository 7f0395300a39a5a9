"""Who may sign in to the demonstration. One password for all, printed by `make run`: never for real use."""

from __future__ import annotations

from dataclasses import dataclass

from seatbook.domain.accounts import create_account

DEMO_PASSWORD = "curtain-goes-up"  # noqa: S105  (it is printed at every start)


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A user of the demonstration; the password is DEMO_PASSWORD."""

    username: str
    role: str

    @property
    def email(self) -> str:
        return f"{self.username}@example.org"


DEMO_ACCOUNTS = (
    DemoAccount("alice", "customer"),
    DemoAccount("bob", "customer"),
    DemoAccount("boxoffice", "box_office"),
    DemoAccount("door", "door"),
    DemoAccount("admin", "admin"),
)


def make_accounts() -> dict[str, int]:
    """Make the accounts; user ids by name. Raises NameTaken where one of them is there already."""
    return {
        account.username: create_account(
            account.username, email=account.email, password=DEMO_PASSWORD, role=account.role
        ).id
        for account in DEMO_ACCOUNTS
    }
