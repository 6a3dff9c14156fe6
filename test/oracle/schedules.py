"""schedules.json: rates at selected steps t = 0, 1, ... from their formulas in float64.

exponential: initial decay^(t/steps), staircase with floor(t/steps). power: initial (1 + t/steps)^-exponent.
piecewise: values[0] while t <= boundaries[0], values[i] while boundaries[i-1] < t <= boundaries[i], then the last.
"""

import math

from common import number, write

STEPS = [0, 1, 2, 3, 9, 10, 11, 99, 100, 101, 999, 1000, 4999, 5000, 5001, 9999, 10000, 10001, 50000, 1000000]


def exponential(t, initial, steps, decay, staircase=False):
    return initial * decay ** (math.floor(t / steps) if staircase else t / steps)


def power(t, initial, steps, exponent):
    return initial * (1 + t / steps) ** -exponent


def piecewise(t, boundaries, values):
    return values[sum(t > boundary for boundary in boundaries)]


CASES = [
    (exponential, {"initial": 0.1, "steps": 10000, "decay": 0.1}),
    (exponential, {"initial": 0.1, "steps": 10000, "decay": 0.1, "staircase": True}),
    (exponential, {"initial": 0.05, "steps": 1000, "decay": 0.96}),
    (exponential, {"initial": 0.05, "steps": 100, "decay": 0.5, "staircase": True}),
    (piecewise, {"boundaries": [100, 5000], "values": [0.1, 0.01, 0.001]}),
    (piecewise, {"boundaries": [10], "values": [1, 0.5]}),
    (power, {"initial": 0.1, "steps": 1000, "exponent": 1}),
    (power, {"initial": 0.1, "steps": 100, "exponent": 0.5}),
]


def generate():
    record = lambda f, config: {"kind": f.__name__, "config": config, "rates": [number(f(t, **config)) for t in STEPS]}
    write("schedules", {"source": "formulas, float64", "steps": STEPS}, [record(*case) for case in CASES])
