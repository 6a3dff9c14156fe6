"""conv.json: convolutions, pools, padding and resizing, in the form of ops.json; images are channels last, filters [kh, kw, in, out]."""

import numpy as np
import torch
import torch.nn.functional as F

from common import rng, write
from ops import case, distinct


def first(x):
    return x.permute(0, 3, 1, 2)


def last(x):
    return x.permute(0, 2, 3, 1)


def on_images(function):
    """A function of images with the channels second."""
    return lambda x: last(function(first(x)))


def padded(x, edges, value=0.0):
    (top, bottom), (left, right) = edges
    return F.pad(x, [left, right, top, bottom], value=value)


def same(size, window, stride, dilation):
    """TensorFlow's rule for one axis: the end gets the odd one."""
    total = max(0, (-(-size // stride) - 1) * stride + (window - 1) * dilation + 1 - size)
    return [total // 2, total - total // 2]


def convolutions():
    base = {"stride": [1, 1], "dilation": [1, 1], "padding": [[0, 0], [0, 0]], "groups": 1}
    settings = [
        ([2, 5, 6, 3], [3, 3, 3, 4], {}),
        ([2, 6, 5, 4], [3, 2, 4, 5], {"padding": [[1, 1], [1, 1]]}),
        ([1, 7, 8, 3], [3, 3, 3, 9], {"stride": [2, 2], "padding": [[0, 1], [0, 1]]}),
        ([1, 9, 7, 2], [3, 2, 2, 3], {"stride": [3, 2], "dilation": [2, 3], "padding": [[2, 1], [1, 0]]}),
        ([2, 5, 5, 4], [3, 3, 2, 6], {"groups": 2, "padding": [[1, 1], [1, 1]]}),
        ([2, 6, 6, 5], [3, 3, 1, 5], {"groups": 5, "padding": [[1, 1], [1, 1]]}),
        ([2, 6, 7, 3], [3, 3, 1, 6], {"groups": 3, "stride": [2, 2], "padding": [[1, 1], [1, 1]]}),
        ([2, 4, 3, 5], [1, 1, 5, 7], {}),
        ([2, 5, 4, 3], [1, 1, 3, 4], {"stride": [2, 2]}),
        ([1, 5, 4, 8], [3, 3, 8, 8], {"padding": [[1, 1], [1, 1]]}),
        ([2, 8, 7, 1], [5, 5, 1, 2], {"padding": [[2, 2], [2, 2]]}),
    ]
    for shape, filters, changed in settings:
        attrs = {**base, **changed}

        def conv(x, w):
            pad, rest = attrs["padding"], {k: attrs[k] for k in ("stride", "dilation", "groups")}
            return last(F.conv2d(padded(first(x), pad), w.permute(3, 2, 0, 1), **rest))

        yield case("conv2d", attrs, [shape, filters], conv, f"{shape} {filters}")
    for size, window, stride, dilation in ((7, 3, 2, 1), (8, 3, 2, 1), (9, 4, 3, 1), (6, 2, 1, 1), (10, 3, 3, 2)):
        edges = [same(size, window, stride, dilation)] * 2
        conv = lambda x, w: last(
            F.conv2d(padded(first(x), edges), w.permute(3, 2, 0, 1), stride=stride, dilation=dilation)
        )
        attrs = {"stride": stride, "dilation": dilation, "padding": "same", "groups": 1}
        yield case("conv2d", attrs, [[1, size, size, 2], [window, window, 2, 3]], conv, f"{size} {window}")
    for shape, filters, stride, padding, extra, dilation, groups in (
        ([2, 4, 3, 4], [3, 3, 2, 4], 1, 0, 0, 1, 1),
        ([2, 4, 3, 4], [3, 3, 3, 4], 2, 1, 1, 1, 1),
        ([1, 3, 4, 3], [4, 4, 2, 3], 2, 1, 0, 1, 1),
        ([2, 3, 3, 4], [2, 2, 3, 4], 3, 0, 2, 2, 2),
    ):
        transpose = lambda x, w: last(
            F.conv_transpose2d(
                first(x), w.permute(3, 2, 0, 1), None, stride, padding, extra, groups=groups, dilation=dilation
            )
        )
        size = [(n - 1) * stride - 2 * padding + dilation * (filters[0] - 1) + extra + 1 for n in shape[1:3]]
        attrs = {"size": size, "stride": stride, "dilation": dilation, "padding": padding, "groups": groups}
        yield case("convTranspose2d", attrs, [shape, filters], transpose, f"{shape} {filters}")


def pools():
    for shape, window, stride, padding, dilation, ceil in (
        ([2, 4, 6, 3], 2, 2, 0, 1, False),
        ([2, 5, 7, 3], 2, 2, 0, 1, True),
        ([1, 7, 7, 5], 3, 2, 1, 1, False),
        ([1, 6, 8, 4], 3, 2, 1, 1, True),
        ([1, 7, 6, 2], 2, 1, 1, 2, False),
    ):
        x = distinct(rng(str(shape)), shape)
        attrs = {"window": window, "stride": stride, "padding": padding, "ceil": ceil, "dilation": dilation}
        pool = on_images(lambda v: F.max_pool2d(v, window, stride, padding, dilation, ceil))
        yield case("maxPool2d", attrs, [x], pool, f"{shape}")
        if dilation > 1:
            continue
        for counted in (False, True):
            pool = on_images(lambda v: F.avg_pool2d(v, window, stride, padding, ceil, counted))
            attrs = {"window": window, "stride": stride, "padding": padding, "ceil": ceil, "countPadding": counted}
            yield case("averagePool2d", attrs, [shape], pool, f"{shape}")
    for size, window, stride in ((7, 3, 2), (6, 2, 1), (8, 3, 3)):
        edges = [same(size, window, stride, 1)] * 2
        x = distinct(rng(str(size)), [1, size, size, 2])
        pool = on_images(lambda v: F.max_pool2d(padded(v, edges, -torch.inf), window, stride))
        attrs = {"window": window, "stride": stride, "padding": "same", "ceil": False, "dilation": 1}
        yield case("maxPool2d", attrs, [x], pool)
    tied = torch.tensor([1, 1, 0, 2, 0, 1, 2, 2, 3, 0, 1, 0, 3, 3, 0, 1], dtype=torch.float64).reshape(1, 4, 4, 1)
    attrs = {"window": 2, "stride": 1, "padding": 0, "ceil": False, "dilation": 1}
    yield case("maxPool2d", attrs, [tied], on_images(lambda v: F.max_pool2d(v, 2, 1)), "tied")


def nearest_corners(n, m):
    """TensorFlow 1's align_corners: i (n - 1) / (m - 1), halves up."""
    return [int(np.floor(i * (n - 1) / (m - 1) + 0.5)) for i in range(m)]


def padding():
    """NumPy's forms, of which PyTorch has three under other names."""
    for shape, low, high in (
        ([2, 4, 5, 3], [0, 3, 1, 0], [0, 2, 4, 0]),
        ([2, 3, 4], [0, 0, 2], [0, 2, 3]),
        ([3, 2], [2, 1], [0, 1]),
        ([17], [16], [5]),
    ):
        for form in ("edge", "reflect", "symmetric", "wrap"):

            def f(x):
                for axis, ends in enumerate(zip(low, high)):
                    index = np.pad(np.arange(x.shape[axis]), ends, form)
                    x = x.index_select(axis, torch.tensor(index))
                return x

            yield case("padBy", {"form": form, "low": low, "high": high}, [shape], f)
    for form, torch_form in (("edge", "replicate"), ("reflect", "reflect"), ("wrap", "circular")):
        f = on_images(lambda v: F.pad(v, [1, 3, 2, 0], mode=torch_form))
        attrs = {"form": form, "low": [0, 2, 1, 0], "high": [0, 0, 3, 0]}
        yield case("padBy", attrs, [[2, 3, 4, 5]], f, "torch")


def resizing():
    for shape, size in (([1, 3, 4, 2], [6, 8]), ([2, 4, 5, 3], [7, 3]), ([1, 1, 3, 2], [2, 9])):
        for corners in (False, True):
            f = on_images(lambda v: F.interpolate(v, size, mode="bilinear", align_corners=corners))
            centers = "corners" if corners else "halfPixel"
            yield case("resize2d", {"size": size, "method": "bilinear", "centers": centers}, [shape], f, f"{shape}")
        for centers, f in (
            ("asymmetric", on_images(lambda v: F.interpolate(v, size, mode="nearest"))),
            ("halfPixel", on_images(lambda v: F.interpolate(v, size, mode="nearest-exact"))),
            ("corners", lambda x: x[:, nearest_corners(x.shape[1], size[0])][:, :, nearest_corners(x.shape[2], size[1])]),
        ):
            yield case("resize2d", {"size": size, "method": "nearest", "centers": centers}, [shape], f, f"{shape}")
    shuffle = on_images(lambda v: F.pixel_shuffle(v, 2))
    yield case("depthToSpace", {"block": 2, "form": "torch"}, [[2, 3, 2, 12]], shuffle)
    unshuffle = on_images(lambda v: F.pixel_unshuffle(v, 2))
    yield case("spaceToDepth", {"block": 2, "form": "torch"}, [[2, 4, 6, 3]], unshuffle)
    # TensorFlow's order and Darknet's reorg_cpu, written out.
    yield case("spaceToDepth", {"block": 2, "form": "tf"}, [[2, 4, 6, 3]], to_depth)
    yield case("depthToSpace", {"block": 2, "form": "tf"}, [[2, 3, 2, 12]], to_space)
    yield case("reorg", {"block": 2}, [[2, 4, 6, 8]], reorg)


def to_depth(x):
    return torch.cat([x[:, u::2, v::2] for u in range(2) for v in range(2)], 3)


def to_space(x):
    n, h, w, c = x.shape
    y = torch.zeros(n, 2 * h, 2 * w, c // 4, dtype=x.dtype)
    for k in range(4):
        y[:, k // 2 :: 2, k % 2 :: 2] = x[..., k * c // 4 : (k + 1) * c // 4]
    return y


def reorg(x, stride=2):
    """The loops of Darknet's reorg_cpu (blas.c) with forward = 0, over channels-first memory."""
    planes = first(x).contiguous()
    n, c, h, w = planes.shape
    flat, out = planes.reshape(-1), [None] * planes.numel()
    depth = c // stride**2
    for b in range(n):
        for k in range(c):
            for j in range(h):
                for i in range(w):
                    offset = k // depth
                    w2, h2 = i * stride + offset % stride, j * stride + offset // stride
                    out[i + w * (j + h * (k + c * b))] = flat[
                        w2 + w * stride * (h2 + h * stride * (k % depth + depth * b))
                    ]
    return last(torch.stack(out).reshape(n, c * stride**2, h // stride, w // stride))


def generate():
    cases = [*convolutions(), *pools(), *padding(), *resizing()]
    write("conv", {"source": f"torch {torch.__version__}, float64; reorg after Darknet's blas.c"}, cases)
