"""optimizers.json: every optimizer's parameters, step by step, on one fixed sequence of 60 gradients, in float64.

Parameters are p [7] and q [3, 4]. In p, element 4 always has gradient 2^-27 (it tells the epsilon forms apart),
element 5 a gradient at every tenth step only, element 6 never. `source` is torch, sklearn, or formula (numpy, where no
library has the form: FORMULAS below). Step t = 0, 1, ... reads rate(t).
"""

import numpy as np
import sklearn
import torch
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from common import number, tensor, write
from composed import STEPS, adam_slides, gradients, lamb, nadam, start

RECORDED = [*range(1, 21), 30, 40, 50, 60]
RATES = {
    "constant": {"initial": 0.1, "rate": lambda t: 0.1},
    "exponential": {"initial": 0.1, "rate": lambda t: 0.1 * 0.1 ** (t / 10)},
}
BETAS = {"betas": [0.9, 0.999], "eps": 1e-8}

TORCH = [
    ("sgd", torch.optim.SGD, {}),
    ("sgd", torch.optim.SGD, {"weight_decay": 0.01}),
    ("momentum", torch.optim.SGD, {"momentum": 0.9}),
    ("nesterov", torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    ("adam", torch.optim.Adam, BETAS),
    ("amsgrad", torch.optim.Adam, BETAS | {"amsgrad": True}),
    ("adamw", torch.optim.AdamW, BETAS | {"weight_decay": 0.01}),
    ("adamax", torch.optim.Adamax, BETAS),
    ("nadam", torch.optim.NAdam, BETAS | {"momentum_decay": 0.004}),
    ("radam", torch.optim.RAdam, BETAS),
    ("adagrad", torch.optim.Adagrad, {"initial_accumulator_value": 0, "eps": 1e-10}),
    ("adagrad", torch.optim.Adagrad, {"initial_accumulator_value": 0.1, "eps": 0}),
    ("adagrad", torch.optim.Adagrad, {"initial_accumulator_value": 0.1, "eps": 1e-7}),
    ("adadelta", torch.optim.Adadelta, {"rho": 0.9, "eps": 1e-6}),
    ("rmsprop", torch.optim.RMSprop, {"alpha": 0.99, "eps": 1e-8}),
    ("rmsprop", torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-8, "momentum": 0.9}),
    ("rmsprop", torch.optim.RMSprop, {"alpha": 0.99, "eps": 1e-8, "centered": True, "momentum": 0.5}),
]


# Formulas: (flat parameters p, gradient g, rate r, step t = 1, 2, ..., slots s) -> next p. Slots start as zeros.


def momentum(p, g, r, t, s, momentum, form):
    if form == "tf1":
        s["a"] = momentum * s["a"] + g
        return p - r * s["a"]
    s["v"] = momentum * s["v"] + r * g
    return p - s["v"]


def nesterov(p, g, r, t, s, momentum, form):
    if form == "tf1":
        s["a"] = momentum * s["a"] + g
        return p - r * g - r * momentum * s["a"]
    s["v"] = momentum * s["v"] - r * g
    return p + momentum * s["v"] - r * g


def adam(p, g, r, t, s, beta1, beta2, epsilon, form):
    s["m"] = beta1 * s["m"] + (1 - beta1) * g
    s["v"] = beta2 * s["v"] + (1 - beta2) * g * g
    if form == "tf1":
        return p - r * np.sqrt(1 - beta2**t) / (1 - beta1**t) * s["m"] / (np.sqrt(s["v"]) + epsilon)
    m, v = s["m"] / (1 - beta1**t), s["v"] / (1 - beta2**t)
    return p - r * m / (np.sqrt(v + epsilon) if form == "slides" else np.sqrt(v) + epsilon)


def adagrad(p, g, r, t, s, initial, form):
    s["G"] = s["G"] + g * g + (initial if t == 1 else 0)
    return p - r * g / np.sqrt(s["G"])


def rmsprop(p, g, r, t, s, rho, momentum, epsilon, form):
    old = 1 if t == 1 else s["s"]
    s["s"] = old + (g * g - old) * (1 - rho)
    s["mom"] = momentum * s["mom"] + r * g / np.sqrt(s["s"] + epsilon)
    return p - s["mom"]


SKLEARN = [
    ("momentum", SGDOptimizer, {"momentum": 0.9, "nesterov": False}),
    ("nesterov", SGDOptimizer, {"momentum": 0.9, "nesterov": True}),
    ("adam", AdamOptimizer, {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}),
]

# Forms that torch has under settings that follow the step: (optimizer, form, constructor, config, eps of it at step
# t = 1, 2, ..., its learning rate for the rate r).
c1, c2 = lambda t: 1 - 0.9**t, lambda t: 1 - 0.999**t
AMSGRAD = {"betas": [0.9, 0.999], "amsgrad": True}
VARIED = [
    ("amsgrad", "keras", torch.optim.Adam, AMSGRAD, lambda t: 1e-7 / np.sqrt(c2(t)), lambda r, t: r),
    ("amsgrad", "paper", torch.optim.Adam, AMSGRAD, lambda t: 1e-8 / np.sqrt(c2(t)), lambda r, t: r * c1(t) / np.sqrt(c2(t))),
]

# What torch lacks, made of its parts: (optimizer, form, function, config).
COMPOSED = [
    ("nadam", "torch", nadam, BETAS | {"momentum_decay": 0.004}),
    ("nadam", "torch", nadam, {"betas": [0.8, 0.99], "eps": 1e-5, "momentum_decay": 1}),
    ("adam", "slides", adam_slides, BETAS),
    ("lamb", None, lamb, {"betas": [0.9, 0.999], "eps": 1e-6, "weight_decay": 0.01}),
    ("lamb", None, lamb, {"betas": [0.8, 0.99], "eps": 1e-3, "weight_decay": 0}),
]

ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
FORMULAS = [
    *((momentum, {"momentum": 0.9, "form": form}) for form in ("tf1", "slides")),
    *((nesterov, {"momentum": 0.9, "form": form}) for form in ("tf1", "keras")),
    *((adam, ADAM | {"form": form}) for form in ("paper", "tf1", "slides")),
    (adagrad, {"initial": 0.1, "form": "tf1"}),
    (rmsprop, {"rho": 0.9, "momentum": 0, "epsilon": 1e-10, "form": "tf1"}),
    (rmsprop, {"rho": 0.9, "momentum": 0.9, "epsilon": 1e-10, "form": "tf1"}),
]


def run_torch(constructor, config, rate):
    """p and q, flat and joined, after every step."""
    leaves = [torch.nn.Parameter(x) for x in start()]
    optimizer = constructor(leaves, lr=1, **config)
    for t, grads in enumerate(zip(*gradients())):
        for leaf, g in zip(leaves, grads):
            leaf.grad = g.clone()
        optimizer.param_groups[0]["lr"] = rate(t)
        optimizer.step()
        yield torch.cat([leaf.detach().flatten() for leaf in leaves]).numpy()


def run_varied(constructor, config, eps, lr, rate):
    leaves = [torch.nn.Parameter(x) for x in start()]
    optimizer = constructor(leaves, lr=1, **config)
    for t, grads in enumerate(zip(*gradients())):
        for leaf, g in zip(leaves, grads):
            leaf.grad = g.clone()
        optimizer.param_groups[0].update(lr=lr(rate(t), t + 1), eps=eps(t + 1))
        optimizer.step()
        yield torch.cat([leaf.detach().flatten() for leaf in leaves]).numpy()


def run_sklearn(constructor, config, rate):
    leaves = [x.numpy() for x in start()]
    optimizer = constructor(leaves, **config)
    for t, grads in enumerate(zip(*gradients())):
        optimizer.learning_rate = optimizer.learning_rate_init = rate(t)
        optimizer.update_params(leaves, [g.numpy() for g in grads])
        yield np.concatenate([leaf.flatten() for leaf in leaves])


def run_keras_rmsprop(config, momentum, rate):
    """torch's RMSprop at rate 1 gives the push g / (sqrt(s) + eps), and sklearn's momentum takes it in Keras' form."""
    pushed = [torch.nn.Parameter(torch.zeros_like(x)) for x in start()]
    inner = torch.optim.RMSprop(pushed, lr=1, **config)
    leaves = [x.numpy() for x in start()]
    outer = SGDOptimizer(leaves, momentum=momentum, nesterov=False)
    for t, grads in enumerate(zip(*gradients())):
        for leaf, g in zip(pushed, grads):
            leaf.data.zero_()
            leaf.grad = g.clone()
        inner.step()
        outer.learning_rate = rate(t)
        outer.update_params(leaves, [-leaf.detach().numpy() for leaf in pushed])
        yield np.concatenate([leaf.flatten() for leaf in leaves])


def run_formula(function, config, rate):
    slots = dict.fromkeys(("a", "v", "m", "G", "s", "mom"), 0)
    p = torch.cat([x.flatten() for x in start()]).numpy()
    for t, grads in enumerate(zip(*gradients())):
        g = torch.cat([x.flatten() for x in grads]).numpy()
        p = function(p, g, rate(t), t + 1, slots, **config)
        yield p


def case(source, name, config, rate, trajectory):
    params = [[number(x) for x in p] for t, p in enumerate(trajectory, 1) if t in RECORDED]
    return {"optimizer": name, "source": source, "config": config, "rate": rate, "params": params}


def cases():
    for rate, schedule in RATES.items():
        for name, constructor, config in TORCH:
            yield case("torch", name, config, rate, run_torch(constructor, config, schedule["rate"]))
        for name, constructor, config in SKLEARN:
            yield case("sklearn", name, config, rate, run_sklearn(constructor, config, schedule["rate"]))
        for name, form, constructor, config, eps, lr in VARIED:
            trajectory = run_varied(constructor, config, eps, lr, schedule["rate"])
            yield case("torch", name, config | {"form": form}, rate, trajectory)
        for centered in (False, True):
            config = {"alpha": 0.9, "eps": 1e-7, "centered": centered}
            trajectory = run_keras_rmsprop(config, 0.9, schedule["rate"])
            yield case("torch", "rmsprop", config | {"momentum": 0.9, "form": "keras"}, rate, trajectory)
        for name, form, function, config in COMPOSED:
            trajectory = function(config, schedule["rate"])
            yield case("torch", name, config | ({"form": form} if form else {}), rate, trajectory)
        for function, config in FORMULAS:
            trajectory = run_formula(function, config, schedule["rate"])
            yield case("formula", function.__name__, config, rate, trajectory)


def generate():
    p, q = start()
    head = {
        "source": f"torch {torch.__version__}, sklearn {sklearn.__version__}, numpy, float64",
        "rates": {name: [number(s["rate"](t)) for t in range(STEPS)] for name, s in RATES.items()},
        "start": {"p": tensor(p), "q": tensor(q)},
        "gradients": dict(zip("pq", map(tensor, gradients()))),
        "recorded": RECORDED,
    }
    write("optimizers", head, cases())
