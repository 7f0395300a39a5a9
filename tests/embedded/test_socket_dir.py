from __future__ import annotations

import os
from pathlib import Path

from seatbook.embedded.socket_dir import socket_dir_for


def test_sockets_lie_beside_the_data() -> None:
    assert socket_dir_for(Path("/srv/seatbook/var")) == Path("/srv/seatbook/var/sockets")


def test_a_long_path_is_left_for_a_short_one_that_is_found_again() -> None:
    deep = Path("/srv", *["a-very-deep-folder"] * 8, "var")
    sockets = socket_dir_for(deep)
    assert len(os.fsencode(sockets / ".s.PGSQL.5432")) <= 100
    assert sockets == socket_dir_for(deep)
    assert sockets != socket_dir_for(deep / "another")


def test_letters_of_two_bytes_count_twice() -> None:
    assert socket_dir_for(Path("/srv", "ü" * 50)).parent != Path("/srv", "ü" * 50)


def test_a_comma_would_be_read_as_two_hosts() -> None:
    assert "," not in str(socket_dir_for(Path("/srv/hall,stage/var")))
