"""What sla.toml must find, worked out without it: from the events, and with Python's own time zones."""
import datetime
import json
from datetime import date, time, timedelta, timezone
from zoneinfo import ZoneInfo

MINUTES = {"critical": 30, "high": 120, "medium": 240, "low": 480}
# Desk: zone, opens, closes (None: at midnight), days (Monday is 0), holidays.
EASTER = {date(2026, 4, 3), date(2026, 4, 6)}
DESKS = {
    "fx": (timezone.utc, time(0), None, {6, 0, 1, 2, 3, 4}, set()),
    "rates": (ZoneInfo("Europe/Berlin"), time(7), time(19), {0, 1, 2, 3, 4}, EASTER),
    "equities": (ZoneInfo("America/New_York"), time(9, 30), time(16), {0, 1, 2, 3, 4}, {date(2026, 4, 3)}),
    "payments": (timezone.utc, time(8), time(18), {0, 1, 2, 3, 4, 5}, set()),
}


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def due_at(desk, severity, at):
    zone, opens, closes, days, holidays = DESKS[desk]
    left, day = timedelta(minutes=MINUTES[severity]), at.astimezone(zone).date()
    while True:
        if day.weekday() in days and day not in holidays:
            end = datetime.datetime.combine(day, closes, zone) if closes else datetime.datetime.combine(day + timedelta(1), time(0), zone)
            begin = max(at, datetime.datetime.combine(day, opens, zone).astimezone(timezone.utc))
            open_for = end.astimezone(timezone.utc) - begin
            if open_for >= left:
                return begin + left
            left -= max(open_for, timedelta(0))
        day += timedelta(1)


def expected(path):
    """Rows as (exception, round): breaches with their deadlines, completed, late."""
    opened, resolved = {}, {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            key = (row["exception_id"], row["round"])
            into = opened if row["event"] == "opened" else resolved
            assert key not in into, key
            into[key] = row
    breaches, completed, late = {}, set(), set()
    for key, row in opened.items():
        due = due_at(row["desk"], row["severity"], instant(row["at"]))
        if key in resolved:
            (completed if instant(resolved[key]["at"]) <= due else late).add(key)
        if key not in completed:
            breaches[key] = due
    assert resolved.keys() == completed | late
    return breaches, completed, late
