"""Every service in the inventory has a log source with entries in the period."""

from reviews.engine.checks._declare import ATTENTION, FAIL, PASS, UNKNOWN, Check, Outcome, count_words, listed
from reviews.engine.checks.inputs import Inventory

MOST_UNREADABLE_PERCENT = 1  # of the records of one source


def judge(inventory: Inventory) -> Outcome:
    services = inventory.services
    if not services:
        return Outcome(UNKNOWN, "", "The inventory names no service.")
    heard = [row for row in services if row.events]
    number = f"{len(heard)} of {len(services)}"
    stopped = [row.name for row in services if not row.events and row.regular_before]
    if stopped:
        return Outcome(FAIL, number, f"Logged regularly in the quarter before and sent nothing: {listed(stopped)}.")
    without = [row.name for row in services if not row.sources]
    silent = [row.name for row in services if row.sources and not row.events]
    if without or silent:
        parts = [f"No log source: {listed(without)}."] if without else []
        parts += [f"No entry in the period: {listed(silent)}."] if silent else []
        return Outcome(UNKNOWN, number, " ".join(parts))
    partly = [f"{row.name} ({row.silent_sources} of {row.sources})" for row in services if row.silent_sources]
    if partly:
        return Outcome(ATTENTION, number, f"Some sources sent nothing: {listed(partly)}.")
    total = sum(row.events for row in services)
    bad = [one for one in inventory.unreadable if 100 * one.rejected > MOST_UNREADABLE_PERCENT * one.records]
    if bad:
        words = [f"{one.source} ({one.rejected:,} of {one.records:,})" for one in bad]
        return Outcome(ATTENTION, number, f"Records could not be read as entries: {listed(words)}.")
    if inventory.unrouted:
        entries = count_words(inventory.unrouted, "event")
        return Outcome(ATTENTION, f"{inventory.unrouted:,}", f"{entries} of these sources belong to no service.")
    return Outcome(PASS, number, f"Entries came in from each: {count_words(total, 'event')}.")


CHECK = Check("log.inventory_match", "Every service sends entries", ("inventory",), judge)
