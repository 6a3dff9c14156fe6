"""nets.json: small networks, forward (infer and train), loss, every gradient, updated statistics, in float64.

A network is a flat table of nodes in topological order; a node names its inputs by index. See README.md.
"""

import torch
import torch.nn.functional as F

from common import grid, number, rng, tensor, write
from ops import softplus

# Float32 and float64 must stand on the same side of every kink.
KINK = 1e-3
NOISE = 1e-14

ACTIVATIONS = {
    "elu": lambda x, alpha=1: F.elu(x, alpha),
    "relu": F.relu,
    "selu": F.selu,
    "leakyRelu": lambda x, alpha: F.leaky_relu(x, alpha),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": lambda x, form: F.gelu(x, approximate="tanh" if form == "tanh" else "none"),
    "softplus": softplus,
    "silu": F.silu,
}
KINKED = {"relu", "selu", "leakyRelu"}

BATCH_NORM = {
    "torch": {"form": "torch", "epsilon": 1e-5, "momentum": 0.1},
    "tf1": {"form": "tf1", "epsilon": 1e-3, "momentum": 0.99},
}


def table(*nodes):
    """Nodes as dictionaries; one without `inputs` reads the node before it."""
    return [{"inputs": [] if n["kind"] == "input" else [i - 1]} | n for i, n in enumerate(nodes)]


def kind(name, **config):
    return {"kind": name, **config}


def dense(units, bias=True, **rest):
    return kind("dense", units=units, bias=bias, **rest)


def norm(form):
    return kind("batchNorm", **BATCH_NORM[form])


def initialize(nodes, random):
    """Random parameters and statistics for every node that has some: ({index: {name: tensor}}, the same for state)."""
    params, state, widths = {}, {}, []
    for i, node in enumerate(nodes):
        width = [widths[j] for j in node["inputs"]]
        if node["kind"] == "dense":
            n, units = width[0][0], node["units"]
            if "shares" not in node:
                params[i] = {"kernel": grid(random, [n, units], (2 / n) ** 0.5)}
                params[i] |= {"bias": grid(random, [units], 0.25)} if node["bias"] else {}
            widths.append([units])
        elif node["kind"] == "batchNorm":
            params[i] = {"gamma": 1 + grid(random, width[0], 0.1), "beta": grid(random, width[0], 0.1)}
            state[i] = {"mean": grid(random, width[0], 0.25), "variance": 0.5 + grid(random, width[0], 0.5).abs()}
            widths.append(width[0])
        elif node["kind"] == "input":
            widths.append(node["shape"])
        elif node["kind"] == "concat":
            widths.append([sum(w[0] for w in width)])
        else:
            widths.append([torch.Size(width[0]).numel()] if node["kind"] == "flatten" else width[0])
    for leaf in (leaf for leaves in params.values() for leaf in leaves.values()):
        leaf.requires_grad_()
    return params, state


def batch_norm(node, x, p, s, training):
    """(y, next state). torch keeps an unbiased variance, tf1 a biased one; momentum is on the new value in torch's."""
    mean, biased = (x.mean(0), x.var(0, unbiased=False)) if training else (s["mean"], s["variance"])
    y = (x - mean) * torch.rsqrt(biased + node["epsilon"]) * p["gamma"] + p["beta"]
    if not training:
        return y, s
    new, spread = (node["momentum"], x.var(0)) if node["form"] == "torch" else (1 - node["momentum"], biased)
    blend = lambda old, value: (old + new * (value - old)).detach()
    if node["form"] == "torch":
        check_against_torch(node, x, p, s, y, blend(s["mean"], mean), blend(s["variance"], spread))
    return y, {"mean": blend(s["mean"], mean), "variance": blend(s["variance"], spread)}


def check_against_torch(node, x, p, s, y, *next_state):
    running = [s["mean"].clone(), s["variance"].clone()]
    theirs = F.batch_norm(x, *running, p["gamma"], p["beta"], True, node["momentum"], node["epsilon"])
    for ours, expected in zip((y, *next_state), (theirs, *running)):
        torch.testing.assert_close(ours, expected)


def forward(nodes, params, state, inputs, training):
    """(output of the last node, next state)."""
    values, after, feed = [], {}, iter(inputs)
    for i, node in enumerate(nodes):
        xs = [values[j] for j in node["inputs"]]
        match node["kind"]:
            case "input":
                y = next(feed)
            case "dense":
                p = params[node.get("shares", i)]
                y = xs[0] @ p["kernel"] + p.get("bias", 0)
            case "batchNorm":
                y, after[i] = batch_norm(node, xs[0], params[i], state[i], training)
            case "add":
                y = sum(xs)
            case "concat":
                y = torch.cat(xs, -1)
            case "flatten":
                y = xs[0].flatten(1)
            case "rescale":
                y = xs[0] * node["scale"] + node["offset"]
            case "standardize":
                mean, deviation = (torch.tensor(node[key], dtype=xs[0].dtype) for key in ("mean", "deviation"))
                y = (xs[0] - mean) / deviation
            case activation:
                config = {k: v for k, v in node.items() if k not in ("kind", "inputs")}
                assert activation not in KINKED or xs[0].abs().min() > KINK, f"node {i} stands on its kink"
                y = ACTIVATIONS[activation](xs[0], **config)
        values.append(y)
    return values[-1], after


def loss_of(name, output, labels):
    if name == "mae":
        assert (output - labels).abs().min() > KINK, "mae stands on its kink"
    functions = {
        "softmaxCrossEntropy": F.cross_entropy, "sigmoidCrossEntropy": F.binary_cross_entropy_with_logits,
        "mse": F.mse_loss, "mae": F.l1_loss, "huber": F.huber_loss,
    }
    return functions[name](output, labels)


def show(tensors, flush=0.0):
    return {name: tensor(x, flush) for name, x in tensors.items()}


def place(nodes, **families):
    """The table with the leaves of each family ({index: {name: tensor}}) put into their nodes."""
    found = lambda i: {key: show(leaves[i], NOISE) for key, leaves in families.items() if i in leaves}
    return [node | found(i) for i, node in enumerate(nodes)]


def case(name, nodes, loss, batch, inputs=None):
    random = rng(name)
    params, state = initialize(nodes, random)
    inputs = inputs or [grid(random, [batch, *n["shape"]]) for n in nodes if n["kind"] == "input"]
    inputs = [x.requires_grad_() for x in inputs]
    evaluated, _ = forward(nodes, params, state, inputs, False)
    output, after = forward(nodes, params, state, inputs, True)
    if loss == "softmaxCrossEntropy":
        labels = torch.tensor(random.randint(0, output.shape[1], batch))
    elif loss == "sigmoidCrossEntropy":
        labels = torch.tensor(random.randint(0, 2, output.shape), dtype=torch.float64)
    else:
        labels = grid(random, output.shape, 1.5)
    value = loss_of(loss, output, labels)
    value.backward()
    gradients = {i: {k: leaf.grad for k, leaf in leaves.items()} for i, leaves in params.items()}
    return {
        "name": name, "nodes": place(nodes, params=params, state=state, gradients=gradients, nextState=after),
        "loss": loss, "inputs": [tensor(x) for x in inputs], "labels": tensor(labels),
        "infer": {"output": tensor(evaluated), "loss": number(loss_of(loss, evaluated, labels).item())},
        "train": {
            "output": tensor(output), "loss": number(value.item()),
            "inputGradients": [tensor(x.grad, NOISE) for x in inputs],
        },
    }


def residual(start, units, form):
    """Two nodes of dense, norm and relu added to what stands at `start`, with an activation after the sum."""
    block = [dense(units, False), norm(form), kind("relu"), dense(units)]
    return [*block, kind("add", inputs=[start, start + len(block)]), kind("elu")]


def cases():
    entry = lambda *shape: kind("input", shape=list(shape))
    elu, relu = kind("elu"), kind("relu")
    net = table(entry(6), dense(8), elu, dense(5), elu, dense(3))
    yield case("elu", net, "softmaxCrossEntropy", 7)
    net = table(entry(13), dense(33), elu, dense(17), relu, dense(5))
    yield case("tails", net, "softmaxCrossEntropy", 19)
    yield case("tails, batch of 1", net, "softmaxCrossEntropy", 1)
    net = table(entry(5), dense(8, False), norm("torch"), relu, dense(6, False), norm("torch"), elu, dense(4))
    yield case("batchNorm torch, before", net, "softmaxCrossEntropy", 9)
    net = table(entry(5), dense(8), elu, norm("tf1"), dense(7), norm("tf1"), elu, dense(4), norm("tf1"))
    yield case("batchNorm tf1, before, after and on logits", net, "softmaxCrossEntropy", 10)
    net = table(entry(7), dense(9), kind("selu"), dense(9), kind("selu"), dense(3))
    yield case("selu", net, "sigmoidCrossEntropy", 6)
    net = table(entry(4), dense(9), kind("leakyRelu", alpha=0.01), dense(6), kind("tanh"), dense(2))
    yield case("leakyRelu, tanh", net, "mse", 8)
    net = table(entry(4), dense(7), kind("gelu", form="erf"), dense(7), kind("gelu", form="tanh"), dense(3))
    yield case("gelu", net, "mae", 6)
    net = table(entry(3), dense(8), kind("softplus"), dense(5), kind("sigmoid"), dense(1))
    yield case("softplus, sigmoid", net, "huber", 11)
    net = table(entry(6), dense(8), relu, *residual(2, 8, "torch"), *residual(8, 8, "tf1"), dense(3))
    yield case("residual", net, "softmaxCrossEntropy", 8)
    left = [entry(4), dense(6), kind("tanh")]
    right = [entry(3), kind("standardize", mean=[0.5, -1.0, 0.25], deviation=[2.0, 0.5, 1.5]), dense(6), elu]
    both = [kind("concat", inputs=[2, 6]), kind("add", inputs=[2, 6]), dense(12, inputs=[8])]
    net = table(*left, *right, *both, kind("add", inputs=[7, 9]), relu, dense(2))
    yield case("two inputs", net, "mse", 7)
    image = torch.tensor(rng("pixels").randint(0, 17, [6, 4, 3, 2]), dtype=torch.float64)
    scale = kind("rescale", scale=1 / 16, offset=-0.5)
    net = table(entry(4, 3, 2), scale, kind("flatten"), dense(10, False), norm("torch"), elu, dense(3))
    yield case("image", net, "softmaxCrossEntropy", 6, [image])
    net = table(entry(5), entry(5), dense(7, inputs=[0]), dense(7, inputs=[1], shares=2),
                kind("tanh", inputs=[2]), kind("tanh", inputs=[3]), kind("concat", inputs=[4, 5]), dense(1))
    yield case("shared weights", net, "sigmoidCrossEntropy", 6)
    deep = [node for _ in range(12) for node in (dense(6), kind("tanh"))]
    yield case("twelve layers", table(entry(6), *deep, dense(3)), "softmaxCrossEntropy", 5)


def generate():
    write("nets", {"source": f"torch {torch.__version__}, float64"}, cases())
