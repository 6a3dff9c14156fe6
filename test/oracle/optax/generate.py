"""Writes ../optax.json: what Optax (0.2.8 on JAX 0.10.2, float64) says of 60 steps on the gradients and falling rates of
optimizers.json, and of a plateau's factors. See ../README.md.

    python3.11 -m venv VENV && VENV/bin/pip install -r test/oracle/optax/requirements.txt
    VENV/bin/python test/oracle/optax/generate.py
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent.parent))

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import optax

from output import number, write
from sequence import GRADIENTS, RATES, RECORDED, START, recorded, told

RATE = lambda t: jnp.asarray(RATES)[t]


def stepped(transform, params):
    state, update = transform.init(params), jax.jit(transform.update)
    for grads in GRADIENTS:
        updates, state = update([jnp.asarray(g) for g in grads], state, params)
        params = optax.apply_updates(params, updates)
        yield params


def run(transform):
    """The parameters after every step."""
    return stepped(transform, [jnp.asarray(x) for x in START])


def adam_like(constructor, config, **more):
    names = {"b1": "beta1", "b2": "beta2", "eps": "epsilon"}
    return run(constructor(RATE, **{k: config[v] for k, v in names.items() if v in config}, **more))


def adam(config):
    if config["form"] == "slides":
        return run(optax.adam(RATE, config["beta1"], config["beta2"], eps=0, eps_root=config["epsilon"]))
    return adam_like(optax.adam, config)


def rmsprop(config):
    more = {"centered": config.get("centered", False), "momentum": config.get("momentum")}
    more |= {"eps_in_sqrt": config["form"] != "keras", "initial_scale": 1 if config["form"] == "tf1" else 0}
    return run(optax.rmsprop(RATE, config["rho"], config["epsilon"], **more))


def lars(config):
    ratio = {"trust_coefficient": 1, "weight_decay": config["decay"]}
    return run(optax.lars(RATE, momentum=config["momentum"], nesterov=config["nesterov"], **ratio))


def lookahead(config):
    params = optax.LookaheadParams.init_synced([jnp.asarray(x) for x in START])
    return (p.fast for p in stepped(optax.lookahead(optax.adam(RATE), config["every"], config["share"]), params))


def ema(config):
    """Its average starts as the parameters after the first step."""
    for t, params in enumerate(run(optax.adam(RATE))):
        average = params if t == 0 else optax.incremental_update(params, average, 1 - config["decay"])
        yield average


def accumulate(config):
    return run(optax.MultiSteps(optax.adam(RATE), config["batches"], accumulator_dtype=jnp.float64))


def clipped(transform):
    return run(optax.chain(transform, optax.sgd(RATE)))


MOMENTS = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
WIDE = {"beta1": 0.8, "beta2": 0.9, "epsilon": 1e-3}
moments = lambda name, f, *configs: [(name, c, f) for c in configs or (MOMENTS, WIDE)]
of_form = lambda form: (MOMENTS | {"form": form}, WIDE | {"form": form})

CASES = [
    ("sgd", {}, lambda c: run(optax.sgd(RATE))),
    *(
        (name, {"momentum": m, "form": "torch"}, lambda c, n=n: run(optax.sgd(RATE, c["momentum"], nesterov=n)))
        for name, n in (("momentum", False), ("nesterov", True)) for m in (0.9, 0.5)
    ),
    *moments("adam", adam, *of_form("torch"), *of_form("slides")),
    *moments("amsgrad", lambda c: adam_like(
        optax.amsgrad, c, bias_correction_mu=False, bias_correction_nu=False), *of_form("paper")),
    *moments("adamW", lambda c: adam_like(optax.adamw, c, weight_decay=c["decay"]),
        MOMENTS | {"decay": 0.01}, WIDE | {"decay": 0.5}),
    *moments("adamax", lambda c: adam_like(optax.adamax, c), *of_form("torch")),
    # 0.96^(warmth t) is 0, as in Optax, whose momentum does not warm up
    *moments("nadam", lambda c: adam_like(optax.nadam, c), MOMENTS | {"warmth": 1e6}, WIDE | {"warmth": 1e6}),
    # an epsilon that does not matter: Optax adds it to sqrt(v / c2)
    *moments("radam", lambda c: adam_like(optax.radam, c),
        MOMENTS | {"epsilon": 1e-20}, {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-20}),
    *moments("lamb", lambda c: adam_like(optax.lamb, c, weight_decay=c["decay"]),
        MOMENTS | {"decay": 0}, MOMENTS | {"epsilon": 1e-6, "decay": 0.01}, WIDE | {"decay": 0.5}),
    *(
        ("lion", {"beta1": b1, "beta2": b2, "decay": l},
         lambda c: run(optax.lion(RATE, c["beta1"], c["beta2"], weight_decay=c["decay"])))
        for b1, b2, l in ((0.9, 0.99, 0), (0.9, 0.99, 0.05), (0.5, 0.8, 0.5))
    ),
    *(
        ("adagrad", {"initial": initial, "epsilon": eps, "form": "keras3"},
         lambda c: run(optax.adagrad(RATE, c["initial"], c["epsilon"])))
        for initial, eps in ((0.1, 1e-7), (0, 1e-2))
    ),
    *(
        ("rmsprop", {"rho": rho, "epsilon": eps, "form": form} | more, rmsprop)
        for form in ("tf1", "keras3") for more in (
            {}, {"momentum": 0.9}, {"centered": True}, {"centered": True, "momentum": 0.5})
        for rho, eps in ((0.9, 1e-7), (0.99, 1e-2))
    ),
    *(
        ("rmsprop", {"rho": 0.9, "epsilon": eps, "form": "keras", "centered": centered}, rmsprop)
        for centered in (False, True) for eps in (1e-7, 1e-2)
    ),
    *(
        ("adadelta", {"rho": rho, "epsilon": eps}, lambda c: run(optax.adadelta(RATE, c["rho"], c["epsilon"])))
        for rho, eps in ((0.9, 1e-6), (0.95, 1e-3))
    ),
    *(
        ("lars", {"decay": l, "momentum": m, "nesterov": nesterov}, lars)
        for l, m, nesterov in ((0.01, 0.9, False), (0.5, 0.5, True))
    ),
    ("lookahead", {"every": 5, "share": 0.5}, lookahead),
    ("lookahead", {"every": 3, "share": 0.8}, lookahead),
    ("ema", {"decay": 0.9}, ema),
    ("accumulate", {"batches": 2}, accumulate),
    ("accumulate", {"batches": 7}, accumulate),
    ("clipAdaptive", {"limit": 0.01, "epsilon": 1e-3}, lambda c: clipped(optax.adaptive_grad_clip(c["limit"], c["epsilon"]))),
    ("clipAdaptive", {"limit": 0.5, "epsilon": 2}, lambda c: clipped(optax.adaptive_grad_clip(c["limit"], c["epsilon"]))),
    *(("clipByGlobalNorm", {"limit": l}, lambda c: clipped(optax.clip_by_global_norm(c["limit"]))) for l in (1, 4)),
    ("clipByValue", {"limit": 0.5}, lambda c: clipped(optax.clip(c["limit"]))),
]


def factors(config, every, values):
    """The scale after every value. Optax reduces it at the check that torch takes for the last one to be borne."""
    scaled = optax.contrib.reduce_on_plateau(
        config["factor"], config["patience"] + 1, config["threshold"], 0.0, config["cooldown"], every, config["smallest"]
    )
    state, update = scaled.init(jnp.zeros(1)), jax.jit(scaled.update)
    for value in values:
        _, state = update(jnp.ones(1), state, value=jnp.asarray(value))
        yield number(state.scale)


def plateaus():
    for i, (config, mode, values) in enumerate(told()):
        for every in (1, 3) if mode == "min" else ():
            yield {"of": i, "every": every, "factors": list(factors(config, every, values))}


record = lambda name, config, f: {"optimizer": name, "config": config, "params": recorded(f(config))}
head = {
    "source": f"optax {optax.__version__}, jax {jax.__version__}, float64",
    "recorded": RECORDED,
    "plateau": list(plateaus()),
}
write("optax", head, [record(*case) for case in CASES])
