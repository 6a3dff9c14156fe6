"""ops.json: the output of every operation, its gradients and its Hessian-vector products, in float64.

With s = sum(output * weights): gradients[i] = ds/dinput_i, second[i] = d(sum_j gradients_j * directions_j)/dinput_i.
"""

import itertools

import numpy as np
import torch
import torch.nn.functional as F

from common import grid, rng, tensor, write

TINY = [2.0**-20, -(2.0**-20), 2.0**-10, -(2.0**-10)]
FAR = [-80.0, -40.0, 40.0, 80.0]


def values(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def case(op, attrs, inputs, function, label=""):
    """One case. Float64 inputs are differentiated, integer and boolean ones are not."""
    name = " ".join([op, *([label] if label else []), *(f"{k}={v}" for k, v in attrs.items())])
    random = rng(name)
    draw = lambda x: grid(random, x) if isinstance(x, list) else x
    inputs = [draw(x).clone() for x in inputs]
    floats = [x.requires_grad_() for x in inputs if x.dtype == torch.float64]
    output = function(*inputs)
    record = {"name": name, "op": op, "attrs": attrs, "inputs": [tensor(x) for x in inputs], "output": tensor(output)}
    if output.dtype != torch.float64 or not floats:
        return record
    weights = grid(random, output.shape)
    directions = [grid(random, x.shape) for x in floats]
    zeros = lambda grads: [torch.zeros_like(x) + (0 if g is None else g) for x, g in zip(floats, grads)]
    keep = dict(allow_unused=True, create_graph=True)
    scalar = (output * weights).sum()
    first = zeros(torch.autograd.grad(scalar, floats, **keep)) if scalar.requires_grad else zeros([None] * len(floats))
    along = sum((g * d).sum() for g, d in zip(first, directions))
    second = torch.autograd.grad(along, floats, **keep) if along.requires_grad else [None] * len(floats)
    found = zip(("gradients", "directions", "second"), (first, directions, zeros(second)))
    aligned = {key: align(inputs, xs) for key, xs in found}
    return record | {"weights": tensor(weights)} | aligned


def align(inputs, results):
    """Results for the float64 inputs, as JSON, with None in the places of the others."""
    rest = iter(results)
    return [tensor(next(rest)) if x.dtype == torch.float64 else None for x in inputs]


def elementwise():
    random = rng("elementwise")
    real = grid(random, 17, 1.5)
    positive = grid(random, 17, 1.5).abs()
    unary = {
        "neg": torch.neg, "abs": torch.abs, "sign": torch.sign, "floor": lambda x: x.floor(), "square": torch.square,
        "exp": torch.exp, "expm1": torch.expm1, "tanh": torch.tanh, "logistic": torch.sigmoid, "erf": torch.erf,
        "reciprocal": torch.reciprocal, "relu": F.relu, "selu": F.selu, "softplus": softplus,
    }
    for op, function in unary.items():
        yield case(op, {}, [real], function)
    for op in ("log", "log1p", "sqrt", "rsqrt"):
        yield case(op, {}, [positive], getattr(torch, op))
    for op in ("expm1", "log1p", "tanh", "softplus", "erf", "logistic"):
        yield case(op, {}, [values(*TINY)], unary.get(op, torch.log1p), "tiny")
    for op in ("exp", "logistic", "softplus"):
        yield case(op, {}, [values(*FAR)], unary[op], "far")
    for alpha in (0.01, 0.2, 1.5):
        yield case("leakyRelu", {"alpha": alpha}, [real], lambda x: F.leaky_relu(x, alpha))
    for alpha in (1.0, 0.5):
        yield case("elu", {"alpha": alpha}, [real], lambda x: F.elu(x, alpha))
    for form, approximate in (("erf", "none"), ("tanh", "tanh")):
        yield case("gelu", {"form": form}, [real], lambda x: F.gelu(x, approximate=approximate))
    yield case("clamp", {"min": -1, "max": 1.5}, [real], lambda x: torch.clamp(x, -1, 1.5))
    for op in ("add", "sub", "mul", "div", "maximum", "minimum"):
        yield case(op, {}, [[17], [17]], getattr(torch, op))
    yield case("pow", {}, [positive, [17]], torch.pow)
    tied = torch.where(torch.arange(17) % 4 == 0, real, grid(random, 17))
    compare = {"equal": "eq", "notEqual": "ne", "less": "lt", "lessEqual": "le", "greater": "gt", "greaterEqual": "ge"}
    for op, name in compare.items():
        yield case(op, {}, [real, tied], getattr(torch, name))
    yield case("select", {}, [real > 0, [17], [17]], torch.where)


def softplus(x):
    """log(1 + e^x) without PyTorch's cut at 20, beyond which it returns x itself."""
    return torch.logaddexp(x, torch.zeros_like(x))


def distinct(random, shape):
    """A shuffled ramp: no ties, so that a maximum has one gradient."""
    ramp = torch.tensor(random.permutation(int(np.prod(shape))) / 8.0 - 3)
    return ramp.reshape(shape)


def reductions():
    x = distinct(rng("reductions"), [3, 4, 5])
    for axes, keep in itertools.product(([0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]), (False, True)):
        attrs = {"axes": axes, "keepDims": keep}
        yield case("sum", attrs, [[3, 4, 5]], lambda v: v.sum(axes, keepdim=keep))
        yield case("mean", attrs, [[3, 4, 5]], lambda v: v.mean(axes, keepdim=keep))
        yield case("max", attrs, [x], lambda v: v.amax(axes, keepdim=keep))
    for axis in range(3):
        yield case("argmax", {"axis": axis}, [x], lambda v: v.argmax(axis))
        yield case("softmax", {"axis": axis}, [[3, 4, 5]], lambda v: v.softmax(axis))
        yield case("logSoftmax", {"axis": axis}, [[3, 4, 5]], lambda v: v.log_softmax(axis))
        yield case("logSumExp", {"axis": axis}, [[3, 4, 5]], lambda v: v.logsumexp(axis))
    far = values(90, 89, -90, 1, -88, -90, -89, -90.5).reshape(2, 4)
    for op, name in (("softmax",) * 2, ("logSoftmax", "log_softmax"), ("logSumExp", "logsumexp")):
        yield case(op, {"axis": 1}, [far], lambda v: getattr(v, name)(1), "far")


def products():
    sizes = ((1, 1, 1), (3, 4, 5), (7, 9, 17), (2, 33, 6))
    for ta, tb in itertools.product((False, True), (False, True)):
        function = lambda a, b: (a.mT if ta else a) @ (b.mT if tb else b)
        for m, k, n in sizes:
            shapes = [[k, m] if ta else [m, k], [n, k] if tb else [k, n]]
            yield case("matmul", {"transposeA": ta, "transposeB": tb}, shapes, function, f"{m}x{k}x{n}")
        batched = [[2, 4, 3] if ta else [2, 3, 4], [2, 5, 4] if tb else [2, 4, 5]]
        yield case("matmul", {"transposeA": ta, "transposeB": tb}, batched, function, "batched")


def shapes():
    yield case("reshape", {"shape": [4, 6]}, [[2, 3, 4]], lambda x: x.reshape(4, 6))
    for permutation in itertools.permutations(range(3)):
        yield case("transpose", {"permutation": permutation}, [[2, 3, 4]], lambda x: x.permute(permutation))
    yield case("transpose", {"permutation": [0, 2, 3, 1]}, [[2, 3, 4, 2]], lambda x: x.permute(0, 2, 3, 1))
    for source in ([4], [1], [3, 1], [1, 4], [2, 1, 1], []):
        yield case("broadcast", {"shape": [2, 3, 4]}, [source], lambda x: x.expand(2, 3, 4), f"from={source}")
    for starts, limits in (([0, 0], [5, 7]), ([1, 2], [4, 7]), ([2, 0], [3, 1])):
        attrs = {"starts": starts, "limits": limits}
        yield case("slice", attrs, [[5, 7]], lambda x: x[starts[0] : limits[0], starts[1] : limits[1]])
    yield case(
        "slice", {"starts": [1, 0], "limits": [5, 7], "strides": [2, 3]}, [[5, 7]], lambda x: x[1:5:2, 0:7:3], "strided"
    )
    for low, high, value in (([0, 0], [1, 2], 0), ([2, 1], [0, 3], 0), ([1, 1], [1, 1], -1.5)):
        edges = [low[1], high[1], low[0], high[0]]
        yield case("pad", {"low": low, "high": high, "value": value}, [[2, 3]], lambda x: F.pad(x, edges, value=value))
    for axis, parts in ((0, [[2, 3], [1, 3]]), (1, [[2, 3], [2, 1], [2, 4]]), (2, [[2, 2, 1], [2, 2, 3]])):
        yield case("concat", {"axis": axis}, parts, lambda *xs: torch.cat(xs, axis))
    index = torch.tensor([3, 0, 3, 1])
    for axis in (0, 1):
        yield case("gather", {"axis": axis}, [[4, 5], index], lambda x, i: x.index_select(axis, i))
    yield case("oneHot", {"depth": 5}, [index], lambda i: F.one_hot(i, 5).double())


def losses():
    """Every loss is a mean: over rows for softmax cross-entropy, over all elements for the others."""
    labels = torch.tensor([2, 0, 4, 1, 1, 3])
    for label, logits in (("", [6, 5]), ("far", values(90, -90, 3, 0, 1).repeat(6, 1))):
        yield case("softmaxCrossEntropy", {}, [logits, labels], F.cross_entropy, label)
    # BCEWithLogits has no double backward in its fused form; this is its own definition.
    bce = lambda z, y: (torch.logaddexp(z, torch.zeros_like(z)) - z * y).mean()
    bits = values(1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 1).reshape(4, 3)
    yield case("sigmoidCrossEntropy", {}, [[4, 3], bits], bce)
    yield case("sigmoidCrossEntropy", {}, [values(90, -90, 40, -40, 0.5, 2), values(1, 0, 0, 1, 1, 0)], bce, "far")
    for op, function in (("mse", F.mse_loss), ("mae", F.l1_loss), ("huber", F.huber_loss)):
        yield case(op, {"delta": 1} if op == "huber" else {}, [[4, 3], [4, 3]], function)


def generate():
    families = (elementwise(), reductions(), products(), shapes(), losses())
    write("ops", {"source": f"torch {torch.__version__}, float64"}, itertools.chain.from_iterable(families))
