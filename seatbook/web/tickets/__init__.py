"""Tickets as their holder has them: a page for the door, a PDF to print, an entry for the calendar."""
