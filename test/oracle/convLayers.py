"""convLayers.json: layers of convolutions, pools and resizing; the inputs are x, then the parameters."""

import torch
import torch.nn.functional as F

from common import rng, write
from conv import first, last, on_images, padded, same
from ops import case, distinct


def layer(kind, args, options, inputs, function):
    return case(kind, {"args": args, "options": options}, inputs, function)


def along(f):
    """A function of images with the channels second, of sequences [rows, length, channels]."""
    return lambda x: f(x.permute(0, 2, 1)).permute(0, 2, 1)


def edges(padding, size, window, stride, dilation):
    """[before, after] along one axis."""
    if padding == "causal":
        return [dilation * (window - 1), 0]
    if padding == "same":
        return same(size, window, stride, dilation)
    if padding == "valid":
        return [0, 0]
    return [padding, padding] if isinstance(padding, int) else padding


def pair(x):
    return x if isinstance(x, list) else [x, x]


def filtered2d(x, weight, options, groups):
    """conv2d of images, with torch's weight."""
    stride, dilation = pair(options.get("stride", 1)), pair(options.get("dilation", 1))
    padding = options.get("padding", "valid")
    each = padding if isinstance(padding, list) else [padding, padding]
    around = [edges(*a) for a in zip(each, x.shape[1:3], weight.shape[2:], stride, dilation)]
    return last(F.conv2d(padded(first(x), around), weight, stride=stride, dilation=dilation, groups=groups))


def filtered1d(x, weight, options, groups):
    stride, dilation = options.get("stride", 1), options.get("dilation", 1)
    around = edges(options.get("padding", "valid"), x.shape[1], weight.shape[2], stride, dilation)
    return along(lambda v: F.conv1d(F.pad(v, around), weight, None, stride, 0, dilation, groups))(x)


def sequences():
    for shape, filters, window, options in (
        ([2, 9, 3], 4, 3, {}),
        ([2, 8, 4], 6, 2, {"stride": 2, "groups": 2, "padding": 1}),
        ([1, 11, 3], 2, 3, {"stride": 2, "dilation": 2, "padding": "same"}),
        ([2, 7, 2], 3, 3, {"dilation": 2, "padding": "causal"}),
        ([1, 6, 8], 8, 4, {"padding": [2, 0], "bias": False}),
        ([2, 10, 5], 5, 5, {"groups": 5, "padding": "same"}),
    ):
        groups = options.get("groups", 1)
        conv = lambda x, w, b=0: filtered1d(x, w.permute(2, 1, 0), options, groups) + b
        bias = [[filters]] if options.get("bias", True) else []
        inputs = [shape, [window, shape[2] // groups, filters], *bias]
        yield layer("conv1d", [filters, window], options, inputs, conv)
    for shape, filters, window, m, options in (
        ([2, 9, 3], 4, 3, 2, {"stride": 2, "padding": "same"}),
        ([1, 7, 5], 3, 2, 1, {"dilation": 2, "padding": "causal"}),
    ):

        def conv(x, d, p, b):
            y = filtered1d(x, d.permute(1, 2, 0).reshape(-1, 1, window), options, shape[2])
            return filtered1d(y, p.permute(2, 1, 0), {}, 1) + b

        inputs = [shape, [window, shape[2], m], [1, shape[2] * m, filters], [filters]]
        yield layer("separableConv1d", [filters, window], {"multiplier": m, **options}, inputs, conv)
    for shape, window, stride, padding, ceil in (([2, 9, 3], 2, 2, 0, True), ([1, 10, 4], 3, 2, 1, False)):
        options = {"stride": stride, "padding": padding, "ceil": ceil}
        largest = along(lambda v: F.max_pool1d(v, window, stride, padding, 1, ceil))
        yield layer("maxPool1d", [window], options, [distinct(rng(str(shape)), shape)], largest)
        for counted in (False, True):
            average = along(lambda v: F.avg_pool1d(v, window, stride, padding, ceil, counted))
            yield layer("averagePool1d", [window], {**options, "countPadding": counted}, [shape], average)
    yield layer("globalAveragePool1d", [], {}, [[2, 5, 3]], lambda x: x.mean(1))
    yield layer("globalMaxPool1d", [], {}, [distinct(rng("global"), [2, 5, 3])], lambda x: x.amax(1))


def separate():
    for shape, window, m, options in (
        ([2, 6, 7, 3], [3, 3], 1, {"padding": "same"}),
        ([1, 8, 7, 5], [3, 2], 2, {"stride": 2, "padding": 1}),
        ([2, 9, 8, 9], [3, 3], 1, {"stride": [2, 1], "dilation": [1, 2], "padding": [[0, 1], [2, 1]], "bias": False}),
        ([1, 5, 6, 1], [2, 3], 3, {}),
    ):
        weight = lambda w: w.permute(2, 3, 0, 1).reshape(-1, 1, *window)
        conv = lambda x, w, b=0: filtered2d(x, weight(w), options, shape[3]) + b
        bias = [[shape[3] * m]] if options.get("bias", True) else []
        inputs = [shape, [*window, shape[3], m], *bias]
        yield layer("depthwiseConv2d", [window], {"multiplier": m, **options}, inputs, conv)
        if not bias:
            continue
        both = lambda x, d, p, b: filtered2d(conv(x, d), p.permute(3, 2, 0, 1), {}, 1) + b
        inputs = [shape, [*window, shape[3], m], [1, 1, shape[3] * m, 4], [4]]
        yield layer("separableConv2d", [4, window], {"multiplier": m, **options}, inputs, both)


def transposed():
    for shape, filters, window, stride, padding, extra, dilation, groups in (
        ([2, 4, 3, 4], 2, [3, 3], [2, 2], 1, 1, 1, 1),
        ([1, 3, 4, 4], 6, [4, 3], [3, 2], [1, 0], [2, 0], [1, 2], 2),
        ([2, 3, 3, 3], 3, [2, 2], [3, 3], 0, 0, 1, 3),
        ([1, 4, 3, 2], 5, [1, 1], [1, 1], 0, 0, 1, 1),
    ):
        conv = lambda x, w, b: last(
            F.conv_transpose2d(first(x), w.permute(3, 2, 0, 1), b, stride, padding, extra, groups, dilation)
        )
        options = {"stride": stride, "padding": padding, "outputPadding": extra, "dilation": dilation, "groups": groups}
        inputs = [shape, [*window, filters // groups, shape[3]], [filters]]
        yield layer("convTranspose2d", [filters, window], options, inputs, conv)
    # Keras: 'same' gives n s, of whose padding as a convolution the start gets the lesser half; 'valid' at least n s.
    for shape, window, stride, dilation, padding in (
        ([2, 3, 4, 2], [3, 4], [2, 2], [1, 1], "same"),
        ([1, 4, 3, 2], [2, 3], [3, 1], [1, 2], "same"),
        ([1, 3, 2, 2], [2, 4], [3, 2], [1, 1], "valid"),
    ):
        spans = [d * (k - 1) + 1 for d, k in zip(dilation, window)]

        def conv(x, w):
            y = last(F.conv_transpose2d(first(x), w.permute(3, 2, 0, 1), None, stride, dilation=dilation))
            low = [max(0, k - s) // 2 if padding == "same" else 0 for k, s in zip(spans, stride)]
            size = [n * s + (0 if padding == "same" else max(0, k - s)) for n, s, k in zip(shape[1:], stride, spans)]
            y = last(F.pad(first(y), [0, max(stride), 0, max(stride)]))
            return y[:, low[0] : low[0] + size[0], low[1] : low[1] + size[1]]

        options = {"stride": stride, "dilation": dilation, "padding": padding, "bias": False}
        yield layer("convTranspose2d", [3, window], options, [shape, [*window, 3, shape[3]]], conv)
    for shape, filters, window, stride, padding, extra, dilation, groups in (
        ([2, 5, 4], 6, 3, 2, 1, 1, 1, 2),
        ([1, 4, 3], 2, 2, 3, 0, 2, 2, 1),
    ):
        conv = lambda x, w, b: along(
            lambda v: F.conv_transpose1d(v, w.permute(2, 1, 0), b, stride, padding, extra, groups, dilation)
        )(x)
        options = {"stride": stride, "padding": padding, "outputPadding": extra, "dilation": dilation, "groups": groups}
        inputs = [shape, [window, filters // groups, shape[2]], [filters]]
        yield layer("convTranspose1d", [filters, window], options, inputs, conv)


def resampled():
    for shape, factor in (([2, 3, 4, 2], [2, 3]), ([1, 1, 3, 3], [4, 2])):
        nearest = on_images(lambda v: F.interpolate(v, scale_factor=factor, mode="nearest"))
        yield layer("upsample", [factor], {}, [shape], nearest)
        for corners in (False, True):
            f = on_images(lambda v: F.interpolate(v, scale_factor=factor, mode="bilinear", align_corners=corners))
            options = {"method": "bilinear", "centers": "corners" if corners else "halfPixel"}
            yield layer("upsample", [factor], options, [shape], f)
    yield layer("crop", [[[1, 0], [2, 1]]], {}, [[2, 4, 5, 3]], lambda x: x[:, 1:, 2:-1])
    yield layer("crop", [[0, 1]], {}, [[1, 2, 4, 2]], lambda x: x[:, :, 1:-1])


def generate():
    cases = [*sequences(), *separate(), *transposed(), *resampled()]
    write("convLayers", {"source": f"torch {torch.__version__}, float64"}, cases)
