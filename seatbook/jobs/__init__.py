"""Work outside of requests: a queue in Redis, a worker that does it, a scheduler that asks for it.

Redis is never the memory of anything: what is queued can be found again in the
database, and every job may run twice, late, or at the same time as its twin.
"""
