"""What features.toml must find, worked out without it: for each event, a look at all events of its account that came before."""
import collections
import datetime
import json
import math
from decimal import Decimal

PPM = {"EUR": 1_000_000, "USD": 920_000, "GBP": 1_170_000, "JPY": 6_100, "CHF": 1_050_000}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def micros(text):
    return (datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH) // datetime.timedelta(microseconds=1)


def cents(amount):
    return int(amount * 100)


def money(hundredths):
    return None if hundredths is None else Decimal(hundredths) / 100


Event = collections.namedtuple("Event", "at minute amount counterparty channel")


def features(row, at, amount, before):
    """Of one event; `before`: what its account did, as it came."""
    minute = at // 60_000_000
    day = [e for e in before if minute - 1440 <= e.minute <= minute]
    hour = [e for e in day if minute - 60 <= e.minute]
    out = dict(row, base_amount=money(amount))
    for name, window in (("1h", hour), ("24h", day)):
        count, total = len(window), sum(e.amount for e in window)
        out[f"count_{name}"] = count
        out[f"sum_{name}"] = money(total)
        out[f"avg_{name}"] = total / (100.0 * count) if count else None
        out[f"max_{name}"] = money(max((e.amount for e in window), default=None))
    count, total = len(day), sum(e.amount for e in day)
    spread = count * sum(e.amount ** 2 for e in day) - total ** 2
    out["zscore_24h"] = float(count * amount - total) / math.sqrt(float(spread)) if count > 1 and spread > 0 else None
    met = {e.counterparty for e in before if minute - 1440 <= e.minute}
    out["counterparties_24h"] = len(met)
    out["counterparty_is_new"] = row["counterparty"] not in met
    previous = None
    for e in day:
        if e.at <= at and (previous is None or e.at >= previous.at):
            previous = e
    out["previous_amount"] = money(previous and previous.amount)
    out["previous_channel"] = previous and previous.channel
    out["seconds_since_previous"] = (at - previous.at) / 1e6 if previous else None
    return out


def parsed(line):
    """A row with its amounts as exact numbers; what is no amount stays a float."""
    row = json.loads(line, parse_float=Decimal)
    return {k: float(v) if k.startswith(("avg_", "zscore_", "seconds_")) and v is not None else v for k, v in row.items()}


def expected(lines):
    """event_id -> its feature record, in the order of the lines, which are out of order by less than a minute."""
    accounts, out = collections.defaultdict(list), {}
    for line in lines:
        row = parsed(line)
        at = micros(row["event_at"])
        amount = (cents(row["amount"]) * PPM[row["currency"]] + 500_000) // 1_000_000
        before = accounts[row["account"]]
        while before and before[0].minute < at // 60_000_000 - 1442:
            before.pop(0)
        assert row["event_id"] not in out
        out[row["event_id"]] = features(row, at, amount, before)
        before.append(Event(at, at // 60_000_000, amount, row["counterparty"], row["channel"]))
    return out
