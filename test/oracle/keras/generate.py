"""Writes ../keras.json: what Keras (3.15.1), and within TensorFlow 2.21 `tf.train` of TensorFlow 1 and the optimizers of
Keras 2, say in float64 of 60 steps on the gradients and falling rates of optimizers.json; and Keras of a plateau's
factors, of weighed rows and classes, and of nets with batch norm and smoothed labels. See ../README.md.

    python3.11 -m venv VENV && VENV/bin/pip install -r test/oracle/keras/requirements.txt
    VENV/bin/python test/oracle/keras/generate.py

Keras runs on JAX: on TensorFlow it would round its betas to float32.
"""

import json
import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ |= {"KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import jax

jax.config.update("jax_enable_x64", True)

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.keras.optimizer_v2 import adadelta, adagrad, adam, adamax, gradient_descent, nadam, rmsprop

from output import HERE, number, write
from sequence import GRADIENTS, RATES, RECORDED, START, recorded, told

keras.config.set_floatx("float64")
new, old = keras.optimizers, tf.compat.v1.train
NAMES = {"beta1": "beta_1", "beta2": "beta_2", "initial": "initial_accumulator_value", "decay": "weight_decay"}
named = lambda config, names: {names.get(k, k): v for k, v in config.items() if k != "form"}
real = lambda x: tf.constant(x, tf.float64)


def keras3(constructor, config, seen=None, rates=RATES, **more):
    """The variables, or what `seen` gives, after every step."""
    variables = [keras.Variable(x, dtype="float64") for x in START]
    optimizer = constructor(learning_rate=1.0, **named(config, NAMES), **more)
    for t, grads in enumerate(GRADIENTS):
        optimizer.learning_rate.assign(rates[t])
        optimizer.apply([jax.numpy.asarray(g) for g in grads], variables)
        yield [x.numpy() for x in (seen(optimizer) if seen else variables)]


def tensorflow(constructor, rate, settings, prepare=None):
    variables = [tf.Variable(x) for x in START]
    optimizer = constructor(learning_rate=rate.value, **settings)
    if prepare:
        prepare(optimizer)
    for t, grads in enumerate(GRADIENTS):
        rate.assign(RATES[t])
        optimizer.apply_gradients([(real(g), v) for g, v in zip(grads, variables)])
        yield [x.numpy() for x in variables]


def keras2(constructor, config, prepare=None, **more):
    """What it would keep in float32 is given as functions."""
    given = named(config, NAMES | {"warmth": "schedule_decay"}) | more
    hyper = lambda v: lambda: real(v)
    functions = {k: hyper(v) if k in ("beta_1", "beta_2", "rho", "momentum") else v for k, v in given.items()}
    return tensorflow(constructor, tf.Variable(0, dtype=tf.float64), functions, prepare)


def tf1(constructor, config, rho="rho", **more):
    """Its numbers as tensors, since it would make float32 of them."""
    plain = lambda k, v: isinstance(v, bool) or k == "initial_accumulator_value"
    given = named(config, {"initial": "initial_accumulator_value", "rho": rho}) | more
    numbers = {k: v if plain(k, v) else real(v) for k, v in given.items()}
    return tensorflow(constructor, tf.Variable(0, dtype=tf.float64), numbers)


def in_float64(nadam):
    nadam._m_cache = tf.Variable(1.0, dtype=tf.float64)


def warm(config):
    """Keras has 1 for the warmth of Nadam's momentum."""
    return keras3(new.Nadam, {k: v for k, v in config.items() if k != "warmth"})


def within(config, seen=None, rates=RATES, **more):
    """Around Keras' Adam with an epsilon of 1e-7."""
    return keras3(new.Adam, config, seen, rates, **more)


MOMENTS = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}
WIDE = {"beta1": 0.8, "beta2": 0.9, "epsilon": 1e-3}
of_form = lambda form: (MOMENTS | {"form": form}, WIDE | {"form": form})
KERAS, KERAS3, TF1 = "Keras 2", "Keras 3", "TensorFlow 1"


def each(source, name, f, *configs):
    return [(source, name, c, f) for c in configs]


def rmsprops(form):
    more = ({}, {"momentum": 0.9}, {"centered": True}, {"centered": True, "momentum": 0.5})
    return [{"rho": rho, "epsilon": eps, "form": form} | m for m in more for rho, eps in ((0.9, 1e-7), (0.99, 1e-2))]


adagrads = lambda form: [{"initial": i, "epsilon": eps, "form": form} for i, eps in ((0.1, 1e-7), (0, 1e-2))]
adadeltas = [{"rho": rho, "epsilon": eps} for rho, eps in ((0.9, 1e-6), (0.95, 1e-3))]
momenta = lambda form: [{"momentum": m, "form": form} for m in (0.9, 0.5)]
lions = [{"beta1": b1, "beta2": b2, "decay": l} for b1, b2, l in ((0.9, 0.99, 0), (0.9, 0.99, 0.05), (0.5, 0.8, 0.5))]

CASES = [
    *each(KERAS3, "sgd", lambda c: keras3(new.SGD, c), {}),
    *each(KERAS3, "momentum", lambda c: keras3(new.SGD, c), *momenta("keras")),
    *each(KERAS3, "nesterov", lambda c: keras3(new.SGD, c, nesterov=True), *momenta("keras")),
    *each(KERAS3, "adam", lambda c: keras3(new.Adam, c), *of_form("keras")),
    *each(KERAS3, "amsgrad", lambda c: keras3(new.Adam, c, amsgrad=True), *of_form("keras")),
    *each(KERAS3, "adamW", lambda c: keras3(new.AdamW, c), *({**c, "decay": 0.05} for c in of_form("keras"))),
    *each(KERAS3, "adamax", lambda c: keras3(new.Adamax, c), *of_form("keras")),
    *each(KERAS3, "nadam", warm, MOMENTS | {"warmth": 1}, WIDE | {"warmth": 1}),
    *each(KERAS3, "lamb", lambda c: keras3(new.Lamb, c), *({**c, "decay": 0} for c in (MOMENTS, WIDE))),
    *each(KERAS3, "lion", lambda c: keras3(new.Lion, c), *lions),
    *each(KERAS3, "adagrad", lambda c: keras3(new.Adagrad, c), *adagrads("keras3")),
    *each(KERAS3, "rmsprop", lambda c: keras3(new.RMSprop, c), *rmsprops("keras3")),
    *each(KERAS3, "adadelta", lambda c: keras3(new.Adadelta, c), *adadeltas),
    *each(KERAS, "momentum", lambda c: keras2(gradient_descent.SGD, c), *momenta("keras")),
    *each(KERAS, "nesterov", lambda c: keras2(gradient_descent.SGD, c, nesterov=True), *momenta("keras")),
    *each(KERAS, "adam", lambda c: keras2(adam.Adam, c), *of_form("keras")),
    *each(KERAS, "amsgrad", lambda c: keras2(adam.Adam, c, amsgrad=True), *of_form("keras")),
    *each(KERAS, "adamax", lambda c: keras2(adamax.Adamax, c), *of_form("keras")),
    *each(
        KERAS, "nadam", lambda c: keras2(nadam.Nadam, c, in_float64),
        MOMENTS | {"warmth": 0.004}, WIDE | {"warmth": 0.004}, WIDE | {"warmth": 1},
    ),
    *each(KERAS, "adagrad", lambda c: keras2(adagrad.Adagrad, c), *adagrads("keras")),
    *each(KERAS, "rmsprop", lambda c: keras2(rmsprop.RMSprop, c), *rmsprops("keras")),
    *each(KERAS, "adadelta", lambda c: keras2(adadelta.Adadelta, c), *adadeltas),
    *each(TF1, "sgd", lambda c: tf1(old.GradientDescentOptimizer, c), {}),
    *each(TF1, "momentum", lambda c: tf1(old.MomentumOptimizer, c), *momenta("tf1")),
    *each(TF1, "nesterov", lambda c: tf1(old.MomentumOptimizer, c, use_nesterov=True), *momenta("tf1")),
    *each(TF1, "adam", lambda c: tf1(old.AdamOptimizer, c), *of_form("tf1")),
    *each(TF1, "adagrad", lambda c: tf1(old.AdagradOptimizer, c), {"initial": 0.1, "form": "tf1"}),
    *each(TF1, "rmsprop", lambda c: tf1(old.RMSPropOptimizer, c, rho="decay"), *rmsprops("tf1")),
    *each(TF1, "adadelta", lambda c: tf1(old.AdadeltaOptimizer, c), *adadeltas),
    *each(
        KERAS3, "ema",
        lambda c: within({}, lambda o: o._model_variables_moving_average, use_ema=True, ema_momentum=c["decay"]),
        {"decay": 0.9},
    ),
    *each(
        KERAS3, "accumulate",
        lambda c: within({}, rates=[RATES[t // c["batches"]] for t in range(60)], gradient_accumulation_steps=c["batches"]),
        {"batches": 2}, {"batches": 7},
    ),
    *each(KERAS3, "clipByValue", lambda c: keras3(new.SGD, {}, clipvalue=c["limit"]), {"limit": 0.5}),
    *each(KERAS3, "clipByNorm", lambda c: keras3(new.SGD, {}, clipnorm=c["limit"]), {"limit": 1}, {"limit": 3}),
    *each(KERAS3, "clipByGlobalNorm", lambda c: keras3(new.SGD, {}, global_clipnorm=c["limit"]), {"limit": 1}, {"limit": 4}),
]


def factors(config, mode, values):
    """The rate after every epoch, which begins as 1."""
    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    settings = {"patience": config["patience"], "cooldown": config["cooldown"], "factor": config["factor"]}
    settings |= {"mode": mode, "min_delta": config["threshold"], "min_lr": config["smallest"]}
    callback = keras.callbacks.ReduceLROnPlateau("val_loss", **settings)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"val_loss": value})
        yield number(float(model.optimizer.learning_rate.numpy()))


# --- nets: weighed rows and classes, smoothed labels, batch norm --------------------------------------------------------

ENTROPY = lambda smoothing: keras.losses.CategoricalCrossentropy(True, smoothing)
array = lambda leaf: np.asarray(leaf["data"]).reshape(leaf["shape"])
flat = lambda tree: {path: tensor(np.asarray(x)) for path, x in tree.items()}


def tensor(x):
    return {"shape": list(x.shape), "data": [number(v) for v in x.flatten().tolist()]}


def weights():
    """weights.json's nets and batches, which are torch's, under Keras' reduction."""
    oracle = json.loads((HERE / "weights.json").read_text())
    for i, case in enumerate(oracle["cases"]):
        layer = keras.layers.Dense(case["start"]["w"]["shape"][1])
        model = keras.Sequential([keras.Input([case["start"]["w"]["shape"][0]]), layer])
        begin = [array(case["start"][k]) for k in "wb"]
        layer.set_weights(begin)
        batches = [(array(b["x"]), array(b["labels"])) for b in case["batches"]]
        classes = np.asarray(case["classWeights"])
        rows = [array(b["weights"]) if "weights" in b else 1 for b in case["batches"]]
        weighed = [classes[y] * r for (_, y), r in zip(batches, rows)]
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        of = lambda x, y, r: number(float(loss(y, model(x), r)))
        record = {"of": i, "losses": [of(*b, r) for b, r in zip(batches, weighed)]}
        record["total"] = of(*map(np.concatenate, zip(*batches)), np.concatenate(weighed))
        model.compile(keras.optimizers.SGD(oracle["rate"]), loss)
        for t in range(oracle["steps"]):
            one = {"class_weight": dict(enumerate(classes))} if i == 0 else {"sample_weight": weighed[t % 3]}
            model.train_on_batch(*batches[t % 3], **one)
            if t == 0:
                record["gradients"] = flat(
                    {k: (a - b) / oracle["rate"] for k, a, b in zip("wb", begin, layer.get_weights())}
                )
        yield record | {"final": flat(dict(zip("wb", layer.get_weights())))}


def trained(optimizer, config, made, smoothing, momentum):
    """A dense net with batch norm and smoothed labels, 60 steps on three batches in turn at the falling rates."""
    random = np.random.RandomState(7)
    grid = lambda *shape: np.clip(np.rint(random.standard_normal(shape) * 256), -512, 512) / 256
    layers = keras.layers
    named = {
        "first": layers.Dense(9, use_bias=False), "norm": layers.BatchNormalization(momentum=momentum),
        "second": layers.Dense(4),
    }
    model = keras.Sequential([keras.Input([6]), named["first"], named["norm"], layers.Activation("gelu"), named["second"]])
    paths = {"first": ["w"], "norm": ["gamma", "beta", "mean", "variance"], "second": ["w", "b"]}
    named["first"].set_weights([grid(6, 9) / 2])
    named["norm"].set_weights([1 + grid(9) / 4, grid(9) / 4, grid(9) / 8, 1 + abs(grid(9))])
    named["second"].set_weights([grid(9, 4) / 2, grid(4) / 4])
    leaves = lambda: flat({f"{k}/{n}": x for k, names in paths.items() for n, x in zip(names, named[k].get_weights())})
    batches = [(grid(7, 6), random.randint(0, 4, 7)) for _ in range(3)]
    model.compile(made, ENTROPY(smoothing))
    start, losses = leaves(), []
    for t in range(60):
        x, y = batches[t % 3]
        made.learning_rate.assign(RATES[t])
        losses.append(number(float(model.train_on_batch(x, np.eye(4)[y]))))
    return {
        "optimizer": optimizer, "config": config, "smoothing": smoothing, "momentum": momentum, "start": start,
        "batches": [{"x": tensor(x), "labels": y.tolist()} for x, y in batches], "losses": losses, "final": leaves(),
        "inferred": tensor(np.asarray(model(batches[0][0], training=False))),
    }


NETS = [
    ("nesterov", {"momentum": 0.9, "form": "keras"}, new.SGD(1.0, momentum=0.9, nesterov=True), 0.1, 0.9),
    ("adam", {"form": "keras"}, new.Adam(1.0), 0.3, 0.99),
]

head = {
    "source": f"keras {keras.__version__} on jax {jax.__version__}, tensorflow {tf.__version__}, float64",
    "recorded": RECORDED,
    "plateau": [{"of": i, "factors": list(factors(*case))} for i, case in enumerate(told())],
    "weights": list(weights()),
    "nets": [trained(*net) for net in NETS],
}
record = lambda source, name, config, f: {
    "optimizer": name, "source": source, "config": config, "params": recorded(f(config)),
}
write("keras", head, [record(*case) for case in CASES])
