#!/usr/bin/env python3
"""Random typed expressions over a random table, and what DuckDB makes of them, as a file for duckdb_compare.

    duckdb_expressions.py OUT [--count N] [--rows N] [--seed N]

One line a fact, fields separated by tabs:
    column NAME TYPE VALUE...        a column of the table
    expression TEXT TYPE VALUE...    weir's text, DuckDB's type, and its value for each row
Values: \\N is NULL, \\E an error of the row (overflow, a cast that fails), \\? one of the two. Numbers as decimal digits, floats as C99 hex, decimals as
unscaled integers, dates as days, timestamps as microseconds; in texts \\t, \\n and \\\\ are escaped.

Where the two engines differ on purpose (see the README) the two texts differ, or the expression is not made.
"""
import argparse
import datetime
import decimal
import math
import random
import struct

import duckdb

COLUMNS = [
    ("b", "bool"), ("b2", "bool"), ("i8", "int8"), ("i16", "int16"), ("i32", "int32"), ("i64", "int64"),
    ("u8", "uint8"), ("u16", "uint16"), ("u32", "uint32"), ("u64", "uint64"), ("f32", "float32"), ("f64", "float64"),
    ("g64", "float64"), ("k64", "int64"), ("d1", "decimal(19,2)"), ("d2", "decimal(22,4)"), ("s", "utf8"), ("s2", "utf8"),
    ("n", "utf8"), ("ts", "timestamp"), ("ts2", "timestamp"), ("dt", "date"), ("dt2", "date"),
]
SQL_TYPES = {
    "bool": "BOOLEAN", "int8": "TINYINT", "int16": "SMALLINT", "int32": "INTEGER", "int64": "BIGINT", "uint8": "UTINYINT",
    "uint16": "USMALLINT", "uint32": "UINTEGER", "uint64": "UBIGINT", "float32": "FLOAT", "float64": "DOUBLE", "utf8": "VARCHAR",
    "timestamp": "TIMESTAMP", "date": "DATE", "hugeint": "HUGEINT",
}
WEIR_TYPES = {v: k for k, v in SQL_TYPES.items()}
EPOCH = datetime.datetime(1970, 1, 1)
WORDS = ["", "a", "abc", "Hello World", "the quick brown fox", "a,b,c", "x,,y", "ÄÖü", "日本語 text", "100%", "a_b", "  padded ", "NEW",
         "pending", "42", "-7", "été", "aaa", "ABCabc", "tab\there", "e\u0301x"]
NUMBERS = ["0", "1", "-1", "42", "3.5", "-2.5", "1e3", "abc", "", " 7 ", "300", "99999999999", "0.1", "true", "2024-02-29", "1_000", "+5",
           "2.500", "nan", "-0", "1e-2", "12345678901234567890"]


class Pair:
    """An expression as weir reads it and as DuckDB does."""

    def __init__(self, w, d=None):
        self.w, self.d = w, w if d is None else d


def mix(template, *pairs, duck=None):
    return Pair(template.format(*(p.w for p in pairs)), (duck or template).format(*(p.d for p in pairs)))


def quoted(t):
    return "'" + t.replace("'", "''") + "'"


class Table:
    def __init__(self, rng, rows):
        self.rng, self.rows = rng, rows
        self.values = {name: [self.value(name, t) for _ in range(rows)] for name, t in COLUMNS}

    def value(self, name, t):
        r = self.rng
        if r.random() < 0.15:
            return None
        if t == "bool":
            return r.random() < 0.5
        if t.startswith("int") or t.startswith("uint"):
            bits = int(t.lstrip("uint"))
            low, high = (0, 2**bits - 1) if t[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            if name == "k64":
                return r.randint(-1000, 1000)
            pick = r.random()
            if pick < 0.12:
                return r.choice([low, high, low + 1, high - 1])
            if pick < 0.7:
                return r.randint(max(low, -20), min(high, 100))
            return r.randint(low, high)
        if t == "float64":
            pick = r.random()
            if name == "f64" and pick < 0.12:
                return r.choice([math.inf, -math.inf, math.nan, 0.0, -0.0, 1e300, 1e-300])
            return r.choice([r.uniform(-100, 100), float(r.randint(-10, 10)), r.randint(-20, 20) / 2, r.uniform(-1e6, 1e6)])
        if t == "float32":
            v = r.choice([r.uniform(-100, 100), float(r.randint(-10, 10)), r.randint(-20, 20) / 2])
            return struct.unpack("f", struct.pack("f", v))[0]
        if t.startswith("decimal"):
            scale = int(t[:-1].split(",")[1])
            return decimal.Decimal(r.choice([r.randint(-500, 500), r.randint(-10**6, 10**6), r.randint(-10**14, 10**14)])).scaleb(-scale)
        if t == "utf8":
            return r.choice(NUMBERS if name == "n" else WORDS)
        if t == "date":
            return datetime.date(1970, 1, 1) + datetime.timedelta(days=r.choice([r.randint(-40000, 40000), r.randint(19000, 20500)]))
        if t == "timestamp":
            unit = r.choice([1, 1000, 10**6, 60 * 10**6, 3600 * 10**6])
            span = 10**15 if r.random() < 0.3 else 2 * 10**12
            base = 1_700_000_000_000_000
            return EPOCH + datetime.timedelta(microseconds=(base + r.randint(-span, span)) // unit * unit)
        raise ValueError(t)


class Maker:
    """Makes expressions by what they give: bool, int, dec, flt, text, ts, date."""

    def __init__(self, rng):
        self.r = rng

    def pick(self, *makers):
        return self.r.choice(makers)()

    # ---- leaves
    def leaf(self, what):
        r = self.r
        if what == "bool":
            # NULL as a literal: DuckDB gives NULL for `x + NULL` without looking at x, weir looks.
            return Pair(r.choice(["b", "b2", "true", "false", "nullif(b, b2)"]))
        if what == "int":
            if r.random() < 0.35:
                return Pair(str(r.choice([0, 1, 2, 3, 7, 10, 100, 127, 128, 255, 256, 1000, 65535, 2**31, 2**63 - 1, r.randint(-50, 50), r.randint(0, 10**6)])))
            return Pair(r.choice(["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "k64", "k64", "i32"]))
        if what == "signed":
            return Pair(r.choice(["i8", "i16", "i32", "i64", "k64"]))
        if what == "dec":
            # DuckDB keeps results at 18 digits when both sides have no more; weir goes on to 38.
            literal = r.choice(["1.5", "0.25", "-2.50", "100.0", "0.001"])
            scale = len(literal.split(".")[1])
            return r.choice([Pair("d1"), Pair("d2"), Pair(f"({literal}::decimal(19,{scale}))")])
        if what == "flt":
            return Pair(r.choice(["f64", "f32", "g64", "g64", "1.5e0", "-2.5e-1", "1e3", "0e0"]))
        if what == "text":
            return Pair(r.choice(["s", "s2", "n", "s", quoted(r.choice([w for w in WORDS if "\t" not in w]))]))
        if what == "ts":
            return Pair(r.choice(["ts", "ts2", "timestamp '2024-02-29 12:34:56.789'", "timestamp '1999-12-31 23:59:59'"]))
        if what == "date":
            return Pair(r.choice(["dt", "dt2", "date '2024-02-29'", "date '1999-12-31'"]))
        if what == "iv":
            return Pair(r.choice(["interval '1 day'", "interval '90 minutes'", "interval 1 month", "interval '1 month -2 days 03:04:05'",
                                  "interval (k64) hour", "interval (i8) day", "interval '-13 months'", "(ts - ts2)", "to_minutes(i16)"]))
        raise ValueError(what)

    def make(self, what, depth):
        if depth <= 0 or self.r.random() < 0.08:
            return self.leaf(what)
        return getattr(self, "make_" + what)(depth - 1)

    def any(self, depth):
        return self.make(self.r.choice(["bool", "int", "dec", "flt", "text", "ts", "date"]), depth)

    def shown(self, depth):
        """Anything, to become text. DuckDB shows the sign of a NaN, which depends on the processor."""
        what = self.r.choice(["bool", "int", "dec", "flt", "text", "ts", "date"])
        e = self.make(what, depth)
        return Pair(e.w, f"(CASE WHEN isnan({e.d}) THEN 'nan' ELSE CAST({e.d} AS varchar) END)") if what == "flt" else e

    def number(self, depth):
        return self.make(self.r.choice(["int", "int", "dec", "flt"]), depth)

    def small(self):
        return Pair(str(self.r.choice([-3, -1, 0, 1, 2, 3, 5])))

    # ---- what works for every type
    def choice(self, what, d):
        r, m = self.r, self.make
        pick = r.randint(0, 6)
        if pick == 0:
            return mix("CASE WHEN {} THEN {} ELSE {} END", m("bool", d), m(what, d), m(what, d))
        if pick == 1:
            return mix("CASE WHEN {} THEN {} WHEN {} THEN {} END", m("bool", d), m(what, d), m("bool", d), m(what, d))
        if pick == 2:
            return mix("coalesce({}, {})", m(what, d), m(what, d))
        if pick == 3:
            return mix("if({}, {}, {})", m("bool", d), m(what, d), m(what, d))
        if pick == 4 and what != "bool":
            return mix("nullif({}, {})", m(what, d), m(what, d))
        if pick == 5:
            of = r.choice(["int", "text"])
            return mix("CASE {} WHEN {} THEN {} WHEN {} THEN {} ELSE {} END", m(of, d), self.leaf(of), m(what, d), self.leaf(of), m(what, d), m(what, d))
        return mix(r.choice(["greatest({}, {})", "least({}, {}, {})"]), m(what, d), m(what, d), m(what, d))

    # ---- by type
    def make_bool(self, d):
        r, m = self.r, self.make
        pick = r.randint(0, 15)
        if pick <= 2:
            of = r.choice(["int", "dec", "flt", "text", "ts", "date", "bool"])
            return mix("({} " + r.choice(["=", "<>", "<", ">", "<=", ">="]) + " {})", m(of, d), m(of, d))
        if pick == 3:
            return mix("({} " + r.choice(["=", "<", ">="]) + " {})", self.number(d), r.choice([self.number, lambda _: Pair(r.choice(["1.5", "-0.25", "7", "100.00"]))])(d))
        if pick == 4:
            # weir looks at the left side first and at the right one only where it counts
            return mix("({0} AND {1})", m("bool", d), m("bool", d), duck="(CASE WHEN NOT ({0}) THEN false ELSE ({0} AND {1}) END)")
        if pick == 5:
            return mix("({0} OR {1})", m("bool", d), m("bool", d), duck="(CASE WHEN {0} THEN true ELSE ({0} OR {1}) END)")
        if pick == 6:
            return mix("(NOT {})", m("bool", d))
        if pick == 7:
            return mix("({} IS " + r.choice(["NULL", "NOT NULL"]) + ")", self.any(d))
        if pick == 8:
            return mix("({} IS " + r.choice(["TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN"]) + ")", m("bool", d))
        if pick == 9:
            of = r.choice(["int", "text", "flt", "ts"])
            return mix("({} IS " + r.choice(["", "NOT "]) + "DISTINCT FROM {})", m(of, d), m(of, d))
        if pick == 10:
            of = r.choice(["int", "dec", "text", "ts", "date"])
            return mix("({0} " + r.choice(["", "NOT "]) + "BETWEEN {1} AND {2})", m(of, d), self.leaf(of), self.leaf(of))
        if pick == 11:
            of = r.choice(["int", "text", "dec"])
            few = [self.leaf(of) for _ in range(r.randint(1, 5))]
            if r.random() < 0.3:
                few.append(Pair("NULL"))
            return mix("({} " + r.choice(["", "NOT "]) + "IN (" + ", ".join("{}" for _ in few) + "))", m(of, d), *few)
        if pick == 12:
            like = r.choice(["%a%", "a%", "%c", "a_c", "_", "%", "", "%a%b%", "A%", "%o_d", "h%o%"])
            return mix("({} " + r.choice(["LIKE", "NOT LIKE", "ILIKE"]) + " " + quoted(like) + ")", m("text", d))
        if pick == 13:
            return mix(r.choice(["starts_with", "ends_with", "contains"]) + "({}, {})", m("text", d), self.leaf("text"))
        if pick == 14:
            return mix("regexp_matches({}, " + quoted(r.choice(["a", "^a", "[0-9]+", "b$", "(a|b)c", "^$", "\\d", "o.*o"])) + ")", m("text", d))
        return self.choice("bool", d)

    def make_int(self, d):
        r, m = self.r, self.make
        pick = r.randint(0, 17)
        if pick <= 4:
            return mix("({} " + r.choice(["+", "-", "*", "+", "-"]) + " {})", m("int", d), m("int", d))
        if pick == 5:
            return mix("({} // {})", m("int", d), m("int", d))
        if pick == 6:
            return mix("({} % {})", m("int", d), m("int", d))
        if pick == 7:
            return mix("(- {})", self.leaf("signed"))
        if pick == 8:
            return mix("(" + r.choice(["{} // ", "{} % "]) + str(r.choice([-1, 1, 2, -2, 3, 7, -7, 10, 123, 1000])) + ")", m("int", d))
        if pick == 9:
            return mix(r.choice(["abs", "sign"]) + "({})", m("int", d))
        if pick == 10:
            return mix("CAST({} AS " + r.choice(["tinyint", "smallint", "int", "bigint", "utinyint", "usmallint", "uinteger", "ubigint"]) + ")",
                       r.choice([self.number, lambda k: m("bool", k), lambda _: Pair("n")])(d))
        if pick == 11:
            return mix("TRY_CAST({} AS " + r.choice(["tinyint", "int", "bigint", "ubigint"]) + ")", r.choice([self.number, lambda _: Pair("n")])(d))
        if pick == 12:
            return mix(r.choice(["length({})", "strpos({}, 'a')", "strpos({}, ',')"]), m("text", d))
        if pick == 13:
            part = r.choice(["year", "month", "day", "hour", "minute", "second", "dow", "isodow", "doy", "week", "isoyear", "quarter",
                             "millisecond", "microsecond", "decade", "century", "millennium"])
            return mix(r.choice(["date_part('" + part + "', {})", "extract(" + part + " FROM {})"]), m(r.choice(["ts", "date"]), d))
        if pick == 14:
            of = m(r.choice(["ts", "date"]), d)
            if r.random() < 0.5:  # weir: the millisecond that the time lies in; DuckDB: the nearest
                return mix("epoch_ms({})", of, duck="CAST(floor(epoch_us({}) / 1000) AS bigint)")
            return mix("epoch_us({})", of)
        if pick == 15:
            unit = r.choice(["microsecond", "millisecond", "second", "minute", "hour", "day", "month", "quarter", "year"])
            of = r.choice(["ts", "date"])
            return mix("date_diff('" + unit + "', {}, {})", m(of, d), m(of, d))
        if pick == 16:
            # of unsigned integers DuckDB makes a signed type, weir keeps the type
            return mix("round({}, " + str(r.choice([-2, -1, 0, 1])) + ")", m("signed", d))
        return self.choice("int", d)

    def make_signed(self, d):
        return self.leaf("signed")

    def make_dec(self, d):
        r, m = self.r, self.make
        pick = r.randint(0, 9)
        if pick <= 2:
            return mix("({} " + r.choice(["+", "-", "*"]) + " {})", m("dec", d), m(r.choice(["dec", "int"]), d))
        if pick == 3:
            return mix("({} % {})", m("dec", d), m(r.choice(["dec", "int"]), d))
        if pick == 4:
            return mix(r.choice(["(- {})", "abs({})", "floor({})", "ceil({})", "round({})", "trunc({})"]), m("dec", d))
        if pick == 5:
            return mix("round({}, " + str(r.choice([-1, 0, 1, 2, 3])) + ")", m("dec", d))
        if pick == 6:
            return mix("CAST({} AS decimal(" + r.choice(["20,2", "24,4", "38,10", "19,0"]) + "))", r.choice([self.number, lambda _: Pair("n")])(d))
        if pick == 7:
            return mix("TRY_CAST({} AS decimal(" + r.choice(["20,2", "24,4", "19,0"]) + "))", r.choice([self.number, lambda _: Pair("n")])(d))
        return self.choice("dec", d)

    def make_flt(self, d):
        r, m = self.r, self.make
        pick = r.randint(0, 11)
        if pick <= 2:
            return mix("({} " + r.choice(["+", "-", "*"]) + " {})", m("flt", d), self.number(d))
        if pick == 3:
            return mix("({} / {})", self.number(d), self.number(d))
        if pick == 4:
            return mix(r.choice(["sqrt", "ln", "exp", "log10", "log2", "cbrt", "sin", "cos", "atan", "radians", "degrees"]) + "({})", self.number(d))
        if pick == 5:
            return mix(r.choice(["pow({}, {})", "({} ^ {})", "atan2({}, {})"]), self.number(d), self.small())
        if pick == 6:
            return mix(r.choice(["(- {})", "abs({})", "floor({})", "ceil({})", "round({})", "trunc({})"]), m("flt", d))
        if pick == 7:
            return mix("round({}, " + str(r.choice([-2, -1, 0, 1, 2])) + ")", Pair("g64"))
        if pick == 8:
            return mix(r.choice(["CAST", "TRY_CAST"]) + "({} AS " + r.choice(["double", "float", "double"]) + ")", r.choice([self.number, lambda _: Pair("n")])(d))
        if pick == 9:
            return mix("epoch({})", m(r.choice(["ts", "date"]), d))
        if pick == 10:
            return mix("({} % {})", Pair("g64"), Pair(r.choice(["1.5e0", "7", "-3", "k64", "0.25"])))
        return self.choice("flt", d)

    def make_text(self, d):
        r, m = self.r, self.make
        pick = r.randint(0, 17)
        t = lambda: m("text", d)
        if pick == 0:
            return mix("({} || {})", t(), t())
        if pick == 1:
            return mix("(" + quoted(r.choice(["v=", "-", ""])) + " || {})", self.shown(d))
        if pick == 2:
            return mix(r.choice(["lower({})", "upper({})", "reverse({})", "trim({})", "ltrim({})", "rtrim({})", "md5({})", "sha256({})"]), t())
        if pick == 3:
            return mix("substring({}, {}, {})", t(), self.small(), self.small())
        if pick == 4:
            return mix("substring({}, {})", t(), self.small())
        if pick == 5:
            return mix(r.choice(["left", "right"]) + "({}, {})", t(), self.small())
        if pick == 6:
            return mix("replace({}, " + quoted(r.choice(["a", ",", "", "ab", "日"])) + ", " + quoted(r.choice(["", "X", "--"])) + ")", t())
        if pick == 7:
            return mix("split_part({}, " + quoted(r.choice([",", " ", "a", ""])) + ", {})", t(), self.small())
        if pick == 8:
            return mix("concat({}, {}, {})", self.shown(d), t(), self.leaf("int"))
        if pick == 9:
            return mix("concat_ws(" + quoted(r.choice(["-", "", ", "])) + ", {}, {})", t(), t())
        if pick == 10:
            return mix(r.choice(["lpad", "rpad"]) + "({}, " + str(r.choice([0, 2, 5, 9])) + ", " + quoted(r.choice(["x", "ab", "é"])) + ")", t())
        if pick == 11:
            return mix("CAST({} AS varchar)", self.shown(d))
        if pick == 12:
            return mix("regexp_replace({}, " + quoted(r.choice(["a", "[aeiou]", "(b)(c)", "\\s+"])) + ", " + quoted(r.choice(["", "<\\0>", "X"])) + r.choice([")", ", 'g')"]), t())
        if pick == 13:
            return mix("regexp_extract({}, " + quoted(r.choice(["[a-z]+", "(\\w)(\\w)", "[0-9]+"])) + ")", t())
        if pick == 14:
            fmt = r.choice(["%Y-%m-%d", "%H:%M:%S.%f", "%a %A %b %B %-d", "%I %p %j %y", "%u %w %U %W %%", "%G-%V", "%x %X", "%-m/%-d/%y %-H:%-M:%-S"])
            return mix("strftime({}, " + quoted(fmt) + ")", m(r.choice(["ts", "date"]), d))
        if pick == 15:
            return mix(r.choice(["dayname", "monthname"]) + "({})", m(r.choice(["ts", "date"]), d))
        if pick == 16:
            return mix("trim({}, " + quoted(r.choice(["a", "ab ", "x"])) + ")", t())
        return self.choice("text", d)

    def make_ts(self, d):
        r, m = self.r, self.make
        pick = r.randint(0, 7)
        if pick <= 1:
            return mix("({} " + r.choice(["+", "-"]) + " {})", m("ts", d), m("iv", d))
        if pick == 2:
            return mix("({} " + r.choice(["+", "-"]) + " {})", m("date", d), m("iv", d))
        if pick == 3:
            unit = r.choice(["microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century"])
            return mix("date_trunc('" + unit + "', {})", m(r.choice(["ts", "date"]), d))
        if pick == 4:
            return mix("time_bucket(interval '" + r.choice(["15 minutes", "1 day", "7 days", "1 month", "3 hours"]) + "', {})", m("ts", d))
        if pick == 5:
            return mix("CAST({} AS timestamp)", m("date", d))
        if pick == 6:
            return mix("make_timestamp(k64 * 1000000007)")
        return self.choice("ts", d)

    def make_date(self, d):
        r, m = self.r, self.make
        pick = r.randint(0, 5)
        if pick == 0:
            return mix("({} " + r.choice(["+", "-"]) + " {})", m("date", d), Pair(r.choice(["1", "30", "i16", "i8", "300"])))
        if pick == 1:
            return mix("CAST({} AS date)", m("ts", d))
        if pick == 2:
            return mix("last_day({})", m(r.choice(["ts", "date"]), d))
        if pick == 3:
            return mix("TRY_CAST(n AS date)")
        if pick == 4:
            return mix("make_date({}, {}, {})", Pair("2000 + i8"), Pair("1 + abs(k64 % 12)"), Pair("1 + abs(k64 % 31)"))
        return self.choice("date", d)

    def make_iv(self, d):
        r, m = self.r, self.make
        pick = r.randint(0, 4)
        if pick == 0:
            return mix("({} - {})", m("ts", d), m("ts", d))
        if pick == 1:
            return mix("({} " + r.choice(["+", "-"]) + " {})", m("iv", d), m("iv", d))
        if pick == 2:
            return mix("({} * {})", m("iv", d), self.small())
        return self.leaf("iv")


def encode(v, t):
    if v is None:
        return "\\N"
    if t == "bool":
        return "1" if v else "0"
    if t.startswith("float"):
        return "nan" if math.isnan(v) else "inf" if v == math.inf else "-inf" if v == -math.inf else float(v).hex()
    if t.startswith("decimal"):
        return str(int(decimal.Decimal(v).scaleb(int(t[:-1].split(",")[1]), context=decimal.Context(prec=60))))
    if t == "utf8":
        return v.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    if t == "date":
        return str(v if isinstance(v, int) else (v - EPOCH.date()).days)
    if t == "timestamp":
        return str(v if isinstance(v, int) else (v - EPOCH) // datetime.timedelta(microseconds=1))
    return str(v)


def weir_type(t):
    t = t.replace(" ", "")
    if t.startswith("DECIMAL"):
        return t.lower()
    return WEIR_TYPES.get(t)


def ambiguous(db, expression, values):
    """Beside a NULL DuckDB looks at the other side of `x + y` or not, as it happens to hold the values, and so finds its error or not.
    TRY looks at one row at a time; when all the rows that it found no error in have one together, nobody knows the right answer."""
    fine = [i for i, v in enumerate(values) if v != "\\E"]
    if not fine:
        return False
    try:
        db.execute(f"SELECT {expression} FROM t WHERE row_number IN ({', '.join(map(str, fine))})").fetchall()
    except duckdb.Error:
        return True
    # NULLs alone: the same question, without an answer.
    if all(values[i] == "\\N" for i in fine):
        for i in fine:
            values[i] = "\\?"
    return False


def main():
    p = argparse.ArgumentParser()
    p.add_argument("out")
    p.add_argument("--count", type=int, default=10000)
    p.add_argument("--rows", type=int, default=24)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--depth", type=int, default=3)
    args = p.parse_args()
    rng = random.Random(args.seed)
    table = Table(rng, args.rows)
    maker = Maker(rng)

    db = duckdb.connect(config={"threads": 1})
    db.execute("PRAGMA disable_optimizer")
    db.execute("CREATE TABLE t (" + ", ".join(f"{n} {SQL_TYPES.get(t, t)}" for n, t in COLUMNS) + ", row_number INT)")
    for i in range(args.rows):
        db.execute("INSERT INTO t VALUES (" + ", ".join("?" for _ in COLUMNS) + ", ?)", [table.values[n][i] for n, _ in COLUMNS] + [i])

    def shown(expression, t):
        # Dates and timestamps as numbers: Python's own types end with the year 9999.
        if t == "timestamp":
            return f"epoch_us({expression})"
        if t == "date":
            return f"date_diff('day', date '1970-01-01', {expression})"
        return expression

    made, refused, unclear = 0, 0, 0
    with open(args.out, "w", encoding="utf-8") as out:
        for name, t in COLUMNS:
            print("column", name, t, *(encode(v, t) for v in table.values[name]), sep="\t", file=out)
        while made < args.count:
            e = maker.any(rng.randint(1, args.depth))
            try:
                kind = db.execute(f"SELECT typeof(x) FROM (SELECT TRY({e.d}) AS x FROM t LIMIT 1)").fetchone()[0]
                t = weir_type(kind)
                if t is None:
                    refused += 1
                    continue
                rows = db.execute(f"SELECT TRY({shown(e.d, t)}), TRY(({e.d}) IS NULL) FROM t ORDER BY row_number").fetchall()
            except duckdb.Error as err:
                refused += 1
                if refused > 4 * args.count:
                    raise SystemExit(f"DuckDB refuses too much: {e.d}: {err}")
                continue
            values = ["\\E" if null is None else encode(v, t) for v, null in rows]
            if ambiguous(db, e.d, values):
                unclear += 1
                continue
            print("expression", e.w, t, *values, sep="\t", file=out)
            made += 1
    print(f"{made} expressions; left out: {refused} that DuckDB refused, {unclear} that it answers in two ways")


if __name__ == "__main__":
    main()
