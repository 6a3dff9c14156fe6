"""optimizers.json: every optimizer's parameters, step by step, on one fixed sequence of 60 gradients, in float64.

Parameters are p [7] and q [3, 4]. In p, element 4 always has gradient 2^-27 (it tells the epsilon forms apart),
element 5 a gradient at every tenth step only, element 6 never. `source` is torch or sklearn. Step t = 0, 1, ... reads
rate(t).
"""

import numpy as np
import sklearn
import torch
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from common import grid, number, rng, tensor, write

STEPS = 60
RECORDED = [*range(1, 21), 30, 40, 50, 60]
RATES = {
    "constant": {"initial": 0.1, "rate": lambda t: 0.1},
    "exponential": {"initial": 0.1, "rate": lambda t: 0.1 * 0.1 ** (t / 10)},
}
BETAS = {"betas": [0.9, 0.999], "eps": 1e-8}
WIDE = {"betas": [0.8, 0.9], "eps": 1e-3}

TORCH = [
    ("sgd", torch.optim.SGD, {}),
    ("sgd", torch.optim.SGD, {"weight_decay": 0.01}),
    ("momentum", torch.optim.SGD, {"momentum": 0.9}),
    ("nesterov", torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    ("adam", torch.optim.Adam, BETAS),
    ("amsgrad", torch.optim.Adam, BETAS | {"amsgrad": True}),
    ("amsgrad", torch.optim.Adam, WIDE | {"amsgrad": True}),
    ("adamw", torch.optim.AdamW, BETAS | {"weight_decay": 0.01}),
    ("adamax", torch.optim.Adamax, BETAS),
    ("nadam", torch.optim.NAdam, BETAS | {"momentum_decay": 0.004}),
    ("radam", torch.optim.RAdam, BETAS),
    ("radam", torch.optim.RAdam, WIDE),
    ("adagrad", torch.optim.Adagrad, {"initial_accumulator_value": 0, "eps": 1e-10}),
    ("adagrad", torch.optim.Adagrad, {"initial_accumulator_value": 0.1, "eps": 0}),
    ("adagrad", torch.optim.Adagrad, {"initial_accumulator_value": 0.1, "eps": 1e-7}),
    ("adadelta", torch.optim.Adadelta, {"rho": 0.9, "eps": 1e-6}),
    ("rmsprop", torch.optim.RMSprop, {"alpha": 0.99, "eps": 1e-8}),
    ("rmsprop", torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-8, "momentum": 0.9}),
    ("rmsprop", torch.optim.RMSprop, {"alpha": 0.99, "eps": 1e-8, "centered": True, "momentum": 0.5}),
    ("rmsprop", torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-2, "centered": True, "momentum": 0.5}),
]


SKLEARN = [
    ("momentum", SGDOptimizer, {"momentum": 0.9, "nesterov": False}),
    ("nesterov", SGDOptimizer, {"momentum": 0.9, "nesterov": True}),
    ("adam", AdamOptimizer, {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}),
]

def gradients():
    """60 gradients for p and q."""
    random = rng("gradients")
    ps, qs = grid(random, [STEPS, 7]), grid(random, [STEPS, 3, 4])
    ps[:, 4], ps[:, 6] = 2.0**-27, 0
    steps = torch.arange(STEPS)
    ps[steps % 10 != 0, 5] = 0
    return ps, qs


def start():
    random = rng("parameters")
    p, q = grid(random, [7]), grid(random, [3, 4])
    p[4] = 0
    return p, q


def joined(leaves):
    return torch.cat([leaf.detach().flatten() for leaf in leaves]).numpy()


def run_torch(constructor, config, rate):
    """p and q, flat and joined, after every step."""
    leaves = [torch.nn.Parameter(x) for x in start()]
    optimizer = constructor(leaves, lr=1, **config)
    for t, grads in enumerate(zip(*gradients())):
        for leaf, g in zip(leaves, grads):
            leaf.grad = g.clone()
        optimizer.param_groups[0]["lr"] = rate(t)
        optimizer.step()
        yield joined(leaves)


def run_sklearn(constructor, config, rate):
    leaves = [x.numpy() for x in start()]
    optimizer = constructor(leaves, **config)
    for t, grads in enumerate(zip(*gradients())):
        optimizer.learning_rate = optimizer.learning_rate_init = rate(t)
        optimizer.update_params(leaves, [g.numpy() for g in grads])
        yield np.concatenate([leaf.flatten() for leaf in leaves])


def case(source, name, config, rate, trajectory):
    params = [[number(x) for x in p] for t, p in enumerate(trajectory, 1) if t in RECORDED]
    return {"optimizer": name, "source": source, "config": config, "rate": rate, "params": params}


def cases():
    for rate, schedule in RATES.items():
        for name, constructor, config in TORCH:
            yield case("torch", name, config, rate, run_torch(constructor, config, schedule["rate"]))
        for name, constructor, config in SKLEARN:
            yield case("sklearn", name, config, rate, run_sklearn(constructor, config, schedule["rate"]))


def generate():
    p, q = start()
    head = {
        "source": f"torch {torch.__version__}, sklearn {sklearn.__version__}, float64",
        "rates": {name: [number(s["rate"](t)) for t in range(STEPS)] for name, s in RATES.items()},
        "start": {"p": tensor(p), "q": tensor(q)},
        "gradients": dict(zip("pq", map(tensor, gradients()))),
        "recorded": RECORDED,
    }
    write("optimizers", head, cases())
