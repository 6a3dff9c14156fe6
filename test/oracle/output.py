"""Shared by all generators in Python: rounding, JSON with one case a line. Needs nothing but Python."""

import json
from pathlib import Path

HERE = Path(__file__).parent


def number(x):
    """Nine significant digits; integers without a point; no negative zero."""
    rounded = float(f"{x:.9g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e9 else rounded


def write(name, head, cases):
    """Writes {...head, cases} to `name`.json, one case a line."""
    dumps = lambda value: json.dumps(value, separators=(",", ":"), allow_nan=False)
    cases = [dumps(case) for case in cases]
    lines = [f"{json.dumps(key)}:{dumps(value)}" for key, value in head.items()]
    lines.append('"cases":[\n' + ",\n".join(cases) + "\n]")
    text = "{" + ",\n".join(lines) + "}\n"
    (HERE / f"{name}.json").write_text(text)
    print(f"{name}.json: {len(cases)} cases, {len(text):,} bytes")
