"""convNets.json: random convolutional networks, in float64: forward (infer and train), loss, every gradient, updated
statistics, and five steps of momentum and of Adam.

The form of nets.json, but what goes in is a rule instead of numbers, and large results are signatures: see README.md.
"""

import numpy as np
import torch
import torch.nn.functional as F

from common import number, rng, tensor, write
from conv import first, last, on_images, padded, same, to_depth, to_space
from nets import ACTIVATIONS, dense, kind, loss_of, norm, table

STEPS = 5
# Float32 and float64 must stand on the same side of every kink, and take the same maximum.
KINK = 2e-5
# What PyTorch's own float32 may be off by, as a share of the largest number of a tensor.
CONDITION = 3e-6
WHOLE, PARTS = 96, 32
OPTIMIZERS = {
    "momentum": lambda leaves: torch.optim.SGD(leaves, lr=0.02, momentum=0.9),
    "adam": lambda leaves: torch.optim.Adam(leaves, lr=0.01, eps=1e-3),
}


class Unfit(Exception):
    """A number too close to a kink, or a loss that grows."""


# --- what goes in ------------------------------------------------------------------------------------------------------
def numbers(n, salt):
    """Multiples of 2^-10 in [-1, 1] that follow from their index (`numbers` of test/train/support.ts)."""
    u = lambda x: np.uint32(x & 0xFFFFFFFF)
    with np.errstate(over="ignore"):
        x = (np.arange(1, n + 1, dtype=np.uint32) * u(2654435761)) ^ u((salt + 1) * 40503)
        x = ((x ^ (x >> np.uint32(15))) * u(2246822519)) >> np.uint32(21)
    return (x.astype(np.float64) - 1024) / 1024


def rule(shape, salt, scale=1.0, offset=0.0):
    return {"shape": list(shape), "salt": salt, "scale": scale, "offset": offset}


def drawn(r):
    n = int(np.prod(r["shape"]))
    return torch.tensor(r["offset"] + r["scale"] * numbers(n, r["salt"])).reshape(r["shape"])


def drawn_all(rules):
    return {k: drawn(r) for k, r in rules.items()}


def scale_of(fan):
    """The power of 2 next to what keeps the variance of a rectifier's inputs."""
    return 2.0 ** np.round(np.log2(np.sqrt(6 / fan)))


# --- what comes out ----------------------------------------------------------------------------------------------------
def signature(x):
    """All numbers, or of a large tensor the largest, every k-th, and the sums of k at a time with alternating signs."""
    x = x.detach().contiguous()
    flat = x.reshape(-1).numpy()
    if flat.size <= WHOLE:
        return {"shape": list(x.shape), "data": [number(v) for v in flat]}
    k = -(-flat.size // PARTS)
    signs = np.where(np.arange(flat.size) % 2 == 0, 1.0, -1.0)
    sums = [float((flat * signs)[i : i + k].sum()) for i in range(0, flat.size, k)]
    return {
        "shape": list(x.shape), "largest": number(np.abs(flat).max()), "every": k,
        "data": [number(v) for v in flat[::k]], "sums": [number(v) for v in sums],
    }


# --- the meaning of nodes ----------------------------------------------------------------------------------------------
def edges_of(padding, size, window, stride, dilation):
    if padding == "valid":
        return [[0, 0], [0, 0]]
    return [same(*each) for each in zip(size, window, stride, dilation)] if padding == "same" else padding


def conv2d(n, x, p):
    edges = edges_of(n["padding"], x.shape[1:3], n["size"], n["stride"], n["dilation"])
    x = padded(first(x), edges)
    y = F.conv2d(x, p["kernel"].permute(3, 2, 0, 1), p.get("bias"), n["stride"], 0, n["dilation"], n["groups"])
    return last(y)


def conv_transpose2d(n, x, p):
    y = F.conv_transpose2d(first(x), p["kernel"].permute(3, 2, 0, 1), None, n["stride"], n["padding"], n["extra"])
    return last(y)


def pool(n, x):
    size, stride, ceil = n["size"], n["stride"], n["ceil"]
    x, edges = first(x), [[0, 0], [0, 0]]
    largest = n["kind"] == "maxPool2d"
    if n["padding"] == "same":
        edges = edges_of("same", x.shape[2:], size, stride, [1, 1])
    else:
        symmetric = [e[0] for e in n["padding"]]
        if largest:
            check_maxima(F.pad(x, [symmetric[1]] * 2 + [symmetric[0]] * 2, value=-torch.inf), size, stride)
            return last(F.max_pool2d(x, size, stride, symmetric, 1, ceil))
        return last(F.avg_pool2d(x, size, stride, symmetric, ceil, n["countPadding"]))
    if largest:
        wide = padded(x, edges, -torch.inf)
        check_maxima(wide, size, stride)
        return last(F.max_pool2d(wide, size, stride))
    ones = padded(torch.ones_like(x), edges, 1.0 if n["countPadding"] else 0.0)
    return last(F.avg_pool2d(padded(x, edges), size, stride) / F.avg_pool2d(ones, size, stride))


def check_maxima(x, size, stride):
    """Whether the first two of each window differ; several zeros of a rectifier have no gradient to give."""
    windows = x.detach().unfold(2, size[0], stride[0]).unfold(3, size[1], stride[1]).flatten(4)
    top = windows.topk(min(2, windows.shape[-1]), -1).values
    gap = top[..., 0] - top[..., -1]
    if top.shape[-1] == 2 and bool(((gap > 0) & (gap < KINK)).any()):
        raise Unfit


def batch_norm(n, x, p, s, training):
    axes = tuple(range(x.ndim - 1))
    mean, biased = (x.mean(axes), x.var(axes, unbiased=False)) if training else (s["mean"], s["variance"])
    y = (x - mean) * torch.rsqrt(biased + n["epsilon"]) * p["gamma"] + p["beta"]
    if not training:
        return y, s
    new, spread = (n["momentum"], x.var(axes)) if n["form"] == "torch" else (1 - n["momentum"], biased)
    blend = lambda old, value: (old + new * (value - old)).detach()
    return y, {"mean": blend(s["mean"], mean), "variance": blend(s["variance"], spread)}


def pad_by(n, x):
    modes = {"edge": "replicate", "reflect": "reflect", "wrap": "circular"}
    (top, bottom), (left, right) = n["edges"]
    return last(F.pad(first(x), [left, right, top, bottom], mode=modes[n["form"]]))


def upsample(n, x):
    size = [d * f for d, f in zip(x.shape[1:3], n["factor"])]
    if n["method"] == "nearest":
        return last(F.interpolate(first(x), size, mode="nearest"))
    return last(F.interpolate(first(x), size, mode="bilinear", align_corners=n["centers"] == "corners"))


def blocks(n, x):
    if n["kind"] == "spaceToDepth":
        return to_depth(x) if n["form"] == "tf" else on_images(lambda v: F.pixel_unshuffle(v, 2))(x)
    return to_space(x) if n["form"] == "tf" else on_images(lambda v: F.pixel_shuffle(v, 2))(x)


def meaning(n, xs, p, s, training):
    """(value, next state or None) of one node."""
    x = xs[0]
    match n["kind"]:
        case "conv2d":
            return conv2d(n, x, p), None
        case "convTranspose2d":
            return conv_transpose2d(n, x, p), None
        case "dense":
            return x @ p["kernel"] + p.get("bias", 0), None
        case "batchNorm":
            return batch_norm(n, x, p, s, training)
        case "maxPool2d" | "averagePool2d":
            return pool(n, x), None
        case "globalAveragePool":
            return x.mean((1, 2)), None
        case "globalMaxPool":
            check_maxima(first(x), x.shape[1:3], [1, 1])
            return x.amax((1, 2)), None
        case "pad":
            return pad_by(n, x), None
        case "upsample":
            return upsample(n, x), None
        case "spaceToDepth" | "depthToSpace":
            return blocks(n, x), None
        case "add":
            return xs[0] + xs[1], None
        case "concat":
            return torch.cat(xs, -1), None
        case "flatten":
            return x.flatten(1), None
        case "spatialDropout":
            return x, None
        case name:
            if name in ("relu", "selu", "leakyRelu") and bool((x.detach().abs() < KINK).any()):
                raise Unfit
            return ACTIVATIONS[name](x, **{k: v for k, v in n.items() if k not in ("kind", "inputs")}), None


def forward(nodes, params, state, inputs, training):
    values, after, feed = [], {}, iter(inputs)
    for i, n in enumerate(nodes):
        if n["kind"] == "input":
            values.append(next(feed))
            continue
        y, now = meaning(n, [values[j] for j in n["inputs"]], params.get(i, {}), state.get(i), training)
        values.append(y)
        if now is not None:
            after[i] = now
    return values[-1], after


# --- random nets -------------------------------------------------------------------------------------------------------
class Builder:
    """A net that grows node by node; `shapes` are those per example."""

    def __init__(self, random, shape):
        self.random, self.nodes, self.rules, self.state, self.shapes, self.salt = random, [], {}, {}, [], 1
        self.entry(shape)

    def entry(self, shape):
        self.nodes.append(kind("input", shape=list(shape), inputs=[]))
        self.shapes.append(list(shape))

    def rule(self, shape, scale, offset=0.0):
        self.salt += 1
        return rule(shape, self.salt, scale, offset)

    def leaves(self, n, shape):
        if n["kind"] == "conv2d":
            kernel = [*n["size"], shape[-1] // n["groups"], n["filters"]]
        elif n["kind"] == "convTranspose2d":
            kernel = [*n["size"], n["filters"], shape[-1]]
        elif n["kind"] == "dense":
            kernel = [shape[-1], n["units"]]
        elif n["kind"] == "batchNorm":
            width = shape[-1:]
            state = {"mean": self.rule(width, 0.25), "variance": self.rule(width, 0.25, 0.75)}
            return {"gamma": self.rule(width, 0.25, 1.0), "beta": self.rule(width, 0.25)}, state
        else:
            return {}, None
        width = kernel[-2] if n["kind"] == "convTranspose2d" else kernel[-1]
        leaves = {"kernel": self.rule(kernel, scale_of(np.prod(kernel) / width))}
        return leaves | ({"bias": self.rule([width], 0.25)} if n.get("bias") else {}), None

    def put(self, n, *inputs):
        """Adds a node on others (the last one by default); its index. Raises what torch says of a misfit."""
        n = {"inputs": list(inputs) or [len(self.nodes) - 1]} | n
        leaves, state = self.leaves(n, self.shapes[n["inputs"][0]])
        ones = [torch.ones([2, *self.shapes[j]], dtype=torch.float64) for j in n["inputs"]]
        y, _ = meaning(n, ones, drawn_all(leaves), drawn_all(state or {}), False)
        if y.numel() == 0 or y.numel() > 2 * 4500:
            raise ValueError("no pixel is left, or too many are")
        index = len(self.nodes)
        self.nodes.append(n)
        self.shapes.append(list(y.shape[1:]))
        if leaves:
            self.rules[index] = leaves
        if state:
            self.state[index] = state
        return index

    def pick(self, *choices):
        return choices[self.random.randint(len(choices))]

    def activation(self):
        names = ("relu", "relu", "elu", "tanh", "softplus", "silu", "selu", "leakyRelu")
        name = self.pick(*names)
        return self.put(kind(name, **({"alpha": 0.1} if name == "leakyRelu" else {})))

    def conv(self, filters, size, stride=(1, 1), dilation=(1, 1), padding="same", groups=1, bias=True, on=()):
        n = kind("conv2d", filters=filters, size=list(size), stride=list(stride), dilation=list(dilation),
                 padding=padding, groups=groups, bias=bias)
        return self.put(n, *on)

    def convolution(self):
        channels = self.shapes[-1][-1]
        groups = self.pick(*[g for g in (1, 1, 1, 2, 3, channels) if channels % g == 0])
        filters = groups * self.pick(1, 2, 3) if groups > 1 else self.pick(3, 4, 5, 8, 9)
        size = self.pick((3, 3), (3, 3), (1, 1), (2, 2), (3, 2), (1, 3), (5, 5))
        stride = self.pick((1, 1), (1, 1), (2, 2), (2, 1), (1, 3))
        dilation = self.pick((1, 1), (1, 1), (2, 2), (1, 2)) if stride == (1, 1) else (1, 1)
        padding = self.pick("same", "same", "valid", [[1, 1], [1, 1]], [[0, 1], [2, 0]])
        normed = self.pick(True, False)
        self.conv(filters, size, stride, dilation, padding, groups, not normed)
        if normed:
            self.put(norm(self.pick("torch", "tf1")))
        self.activation()

    def pooling(self):
        size = self.pick((2, 2), (3, 3), (3, 2), (2, 3))
        padding = self.pick([[0, 0], [0, 0]], [[1, 1], [1, 1]], [[1, 1], [0, 0]], "same")
        n = kind(self.pick("maxPool2d", "averagePool2d"), size=list(size), stride=self.pick([2, 2], [1, 1], [2, 1]),
                 padding=padding, ceil=padding != "same" and self.pick(True, False))
        self.put(n | ({"countPadding": self.pick(True, False)} if n["kind"] == "averagePool2d" else {}))

    def residual(self):
        start, channels = len(self.nodes) - 1, self.shapes[-1][-1]
        self.conv(channels, (3, 3), bias=False)
        self.put(norm("torch"))
        self.activation()
        end = self.conv(channels, self.pick((3, 3), (1, 1)))
        self.put(kind("add"), start, end)
        self.activation()

    def branches(self):
        start = len(self.nodes) - 1
        one = self.conv(self.pick(2, 4), (1, 1), on=(start,))
        other = self.conv(self.pick(3, 4), (3, 3), on=(start,))
        self.put(kind("concat"), one, other)
        self.activation()

    def moved(self):
        """What only moves pixels, or enlarges."""
        height, width, channels = self.shapes[-1]
        ways = [
            kind("pad", edges=[[1, 2], [0, 1]], form=self.pick("edge", "reflect", "wrap")),
            kind("upsample", factor=self.pick([2, 2], [1, 2]), method=self.pick("nearest", "bilinear"),
                 centers=self.pick("halfPixel", "corners")),
            kind("convTranspose2d", filters=3, size=[3, 3], stride=[2, 2], padding=1, extra=self.pick(0, 1)),
            kind("spatialDropout", rate=0),
        ]
        if height % 2 == 0 and width % 2 == 0:
            ways += 2 * [kind("spaceToDepth", form=self.pick("tf", "torch"))]
        if channels % 4 == 0:
            ways += 2 * [kind("depthToSpace", form=self.pick("tf", "torch"))]
        self.put(self.pick(*ways))

    def head(self, units):
        way = self.pick("flatten", "average", "max", "convolution")
        if way == "convolution":
            self.conv(units, (1, 1))
            return self.put(kind("globalAveragePool"))
        self.put(kind({"flatten": "flatten", "average": "globalAveragePool", "max": "globalMaxPool"}[way]))
        return self.put(dense(units))


def attempt(step, builder):
    """Grows by a step, or not at all where it does not fit."""
    kept = [len(builder.nodes), builder.salt]
    try:
        step()
    except (RuntimeError, ValueError, IndexError):
        del builder.nodes[kept[0] :], builder.shapes[kept[0] :]
        builder.salt = kept[1]
        for leaves in (builder.rules, builder.state):
            for i in [i for i in leaves if i >= kept[0]]:
                del leaves[i]


def small(lead):
    """Nets of all kinds of nodes; what they begin with sees to it that each is there."""

    def make(random):
        b = Builder(random, [random.randint(5, 11), random.randint(5, 11), random.randint(1, 5)])
        if lead == "depthToSpace":
            b.conv(8, (2, 2))
            b.put(kind(lead, form=b.pick("tf", "torch")))
        elif lead == "spaceToDepth":
            b = Builder(random, [8, 6, 3])
            b.put(kind(lead, form=b.pick("tf", "torch")))
        else:
            attempt(getattr(b, lead), b)
        for _ in range(random.randint(2, 5)):
            attempt(b.pick(b.convolution, b.convolution, b.pooling, b.residual, b.branches, b.moved), b)
        b.head(random.randint(2, 5))
        return b, random.randint(3, 6)

    return make


LEADS = ("convolution", "moved", "residual", "spaceToDepth", "branches", "depthToSpace", "pooling")


def wide(random):
    """Sizes for which Winograd's algorithm is chosen: windows of 3 x 3, 16 channels and more."""
    b = Builder(random, [random.randint(8, 13), random.randint(8, 13), b_channels(random)])
    b.conv(b.pick(16, 24), (3, 3))
    b.activation()
    b.conv(b.pick(16, 24, 32), (3, 3), padding=b.pick("same", "valid", [[1, 0], [2, 1]]), bias=False)
    b.put(norm("torch"))
    b.activation()
    attempt(b.pick(b.pooling, b.residual), b)
    b.conv(16, (3, 3), stride=b.pick((1, 1), (2, 2)))
    b.activation()
    b.put(kind("globalAveragePool"))
    b.put(dense(4))
    return b, 3


def b_channels(random):
    return int(random.choice([1, 3, 16, 18]))


# --- cases -------------------------------------------------------------------------------------------------------------
def labels_of(random, loss, batch, units):
    if loss == "softmaxCrossEntropy":
        return torch.tensor(random.randint(0, units, batch))
    return torch.tensor(numbers(batch * units, 7)).reshape(batch, units)


def fresh(rules, dtype):
    return {i: {k: x.to(dtype) for k, x in drawn_all(leaves).items()} for i, leaves in rules.items()}


def parameters(b, dtype):
    params = fresh(b.rules, dtype)
    for leaf in (leaf for leaves in params.values() for leaf in leaves.values()):
        leaf.requires_grad_()
    return params


def train(name, b, loss, inputs, labels, dtype):
    params, state = parameters(b, dtype), fresh(b.state, dtype)
    leaves = [leaf for group in params.values() for leaf in group.values()]
    optimizer, losses = OPTIMIZERS[name](leaves), []
    for t in range(STEPS):
        optimizer.zero_grad()
        output, state = forward(b.nodes, params, state, [inputs[t % 2]], True)
        value = loss_of(loss, output, labels[t % 2])
        value.backward()
        optimizer.step()
        losses.append(value.detach())
    return {"losses": torch.stack(losses), "params": params, "state": state}


def results(b, loss, inputs, labels, dtype):
    """All that is compared, computed in a precision."""
    inputs = [x.to(dtype) for x in inputs]
    labels = [z if loss == "softmaxCrossEntropy" else z.to(dtype) for z in labels]
    params, state = parameters(b, dtype), fresh(b.state, dtype)
    x = inputs[0].clone().requires_grad_()
    infer, _ = forward(b.nodes, params, state, [x], False)
    output, after = forward(b.nodes, params, state, [x], True)
    value = loss_of(loss, output, labels[0])
    value.backward()
    gradients = {i: {k: leaf.grad for k, leaf in leaves.items()} for i, leaves in params.items()}
    return {
        "infer": {"output": infer, "loss": loss_of(loss, infer, labels[0])},
        "train": {"output": output, "loss": value, "inputGradient": x.grad, "gradients": gradients, "state": after},
        "runs": {name: train(name, b, loss, inputs, labels, dtype) for name in OPTIMIZERS},
    }


def shown(found):
    return {k: shown(v) if isinstance(v, dict) else signature(v) for k, v in found.items()}


def tensors(found):
    return [x for v in found.values() for x in (tensors(v) if isinstance(v, dict) else [v])]


def check_condition(exact, rough):
    """Whether PyTorch itself keeps a share of the largest number in float32; it does not where a tensor cancels, or is dead."""
    for x, y in zip(tensors(exact), tensors(rough)):
        if not 0 < x.abs().max() or not (x - y).abs().max() <= CONDITION * x.abs().max():
            raise Unfit


def case(name, make, trial=0):
    """The first of the nets of this name that keeps off the kinks, learns, and is well conditioned."""
    random = rng(f"{name} {trial}")
    b, batch = make(random)
    loss = b.pick("softmaxCrossEntropy", "softmaxCrossEntropy", "mse")
    given = [rule([batch, *b.shapes[0]], 1000 + k, 1.0) for k in range(2)]
    inputs = [drawn(r) for r in given]
    labels = [labels_of(random, loss, batch, b.shapes[-1][0]) for _ in range(2)]
    try:
        found = results(b, loss, inputs, labels, torch.float64)
        losses = [run["losses"] for run in found["runs"].values()]
        if not all(each.max() < 4 * each[:2].max() for each in losses):
            raise Unfit
        check_condition(found, results(b, loss, inputs, labels, torch.float32))
    except Unfit:
        return case(name, make, trial + 1)
    return {
        "name": name, "nodes": b.nodes, "params": b.rules, "state": b.state, "loss": loss,
        "batches": [{"inputs": r, "labels": tensor(z)} for r, z in zip(given, labels)], **shown(found),
    }


def generate():
    cases = [case(f"small {i}", small(LEADS[i % len(LEADS)])) for i in range(28)]
    cases += [case(f"wide {i}", wide) for i in range(6)]
    write("convNets", {"source": f"torch {torch.__version__}, float64"}, cases)
