"""seatbook on one machine with nothing installed: PostgreSQL and Redis out of wheels, and what runs them.

`python -m seatbook.embedded run` is what `make run` calls; `supervisor.py`
tells that story from start to stop. The tests start the same two servers.
"""
