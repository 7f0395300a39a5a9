"""Every act that changes something. An act takes plain values, runs its own transaction, and
returns a frozen record; a refusal is an exception of `seatbook.errors`."""
