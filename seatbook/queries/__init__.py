"""Reads that several edges share. They return frozen records, and they never write.

A seat's state is a matter of time as well: `held` with its end in the past is
available, whether or not a sweep has written that down. That is decided here in
SQL, by the database's clock (`queries/moment.py`), and nowhere else.
"""
