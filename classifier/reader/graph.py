"""The encoder as a graph for onnxruntime, made from the weights when a process starts. For `classifier.reader` only.

A BERT encoder (Devlin et al. 2019) of 12 layers. Its matrices, 4 bits in the package, become integers of 7 bits with a scale
for each column, and what goes into them is rounded to 8 bits text by text: integer products are several times as fast as
those of floats, and 7 bits never overflow the 16-bit sums of older processors, so that every machine computes the same.
"""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from classifier.reader.tuned import Tuned
from classifier.reader.weights import Floats, Weights

_OPSET = 20
_VERSION = 10  # of the file format, which onnxruntime must know
_MOST = 63  # of a weight


class _Graph:
    """Nodes and constants while they are being laid out."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: Any) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def product(self, value: str, matrix: Floats, bias: Floats, output: str) -> str:
        """value · matrix + bias, in integers."""
        scale = np.abs(matrix).max(axis=0) / _MOST
        inputs = [
            self.constant(f"{output}.integers", np.rint(matrix / scale).astype(np.int8)),
            self.constant(f"{output}.scale", scale.astype(np.float32)),
            self.constant(f"{output}.zero", np.zeros(len(scale), np.int8)),
            self.constant(f"{output}.bias", bias),
        ]
        return self.node("DynamicQuantizeMatMul", [value, *inputs], output, "com.microsoft")

    def normal(self, value: str, weights: Weights, name: str, output: str) -> str:
        """Layer normalisation."""
        parts = [self.constant(f"{output}.{part}", weights.floats(f"{name}.{part}")) for part in "wb"]
        return self.node("LayerNormalization", [value, *parts], output, epsilon=weights.epsilon, axis=-1)


def build(weights: Weights, taken: tuple[int, ...], tuned: Tuned | None = None) -> bytes:
    """The graph: embedded tokens (1, tokens, width) and `pool` (1, rows, tokens) in, `pool` times the hidden states out.

    There is one output for each layer in `taken`, counted from 1; layers behind the last of them are left out. `tuned` is added
    to the matrices of the last layers. Raises ValueError if it does not fit them.
    """
    graph = _Graph()
    each = weights.width // weights.heads
    graph.constant("apart", np.array([0, 0, weights.heads, each], np.int64))
    graph.constant("together", np.array([0, 0, weights.width], np.int64))
    state = graph.normal("embedded", weights, "emb.ln", "embedding")
    for layer in range(1, max(taken) + 1):
        state = _layer(graph, weights, layer, state, tuned)
        if layer in taken:
            graph.node("MatMul", ["pool", state], f"pooled{layer}")
    floats = TensorProto.FLOAT
    described = helper.make_graph(
        graph.nodes,
        "encoder",
        [
            helper.make_tensor_value_info("embedded", floats, [1, "tokens", weights.width]),
            helper.make_tensor_value_info("pool", floats, [1, "rows", "tokens"]),
        ],
        [helper.make_tensor_value_info(f"pooled{layer}", floats, [1, "rows", weights.width]) for layer in taken],
        graph.constants,
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(described, opset_imports=opsets, ir_version=_VERSION)
    return bytes(model.SerializeToString())


def _layer(graph: _Graph, weights: Weights, number: int, state: str, tuned: Tuned | None) -> str:
    source, name = f"l{number - 1}", f"layer{number}"
    width, inner = weights.width, weights.inner

    def product(value: str, parts: str, rows: int, output: str, scales: tuple[float, ...] = (1.0,)) -> str:
        names = parts.split()
        matrix = np.concatenate([weights.matrix(f"{source}.{part}.w", rows) for part in names]).T
        bias = np.concatenate([weights.floats(f"{source}.{part}.b") for part in names])
        if tuned is not None:
            matrix = matrix + tuned.added(number - 1 - weights.layers, output)
        scale = np.repeat(np.array(scales, np.float32), len(bias) // len(names))
        return graph.product(value, matrix * scale, bias * scale, f"{name}.{output}")

    scale = float((width // weights.heads) ** -0.5)
    asked = product(state, "q k v", width, "asked", (scale, 1.0, 1.0))
    three = [f"{name}.{part}" for part in ("query", "key", "value")]
    graph.nodes.append(helper.make_node("Split", [asked], three, axis=-1, num_outputs=3))
    apart = [graph.node("Reshape", [part, "apart"], f"{part}.apart") for part in three]
    orders = ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    query, key, value = (
        graph.node("Transpose", [part], f"{part}.turned", perm=order) for part, order in zip(apart, orders, strict=True)
    )
    match = graph.node("Softmax", [graph.node("MatMul", [query, key], f"{name}.match")], f"{name}.share", axis=-1)
    heard = graph.node("MatMul", [match, value], f"{name}.heard")
    heard = graph.node("Transpose", [heard], f"{name}.heard.turned", perm=[0, 2, 1, 3])
    heard = graph.node("Reshape", [heard, "together"], f"{name}.heard.together")
    added = graph.node("Add", [state, product(heard, "ao", width, "attended")], f"{name}.first.sum")
    state = graph.normal(added, weights, f"{source}.aln", f"{name}.first")
    grown = graph.node("Gelu", [product(state, "fi", width, "inner")], f"{name}.inner.bent")
    added = graph.node("Add", [state, product(grown, "fo", inner, "outer")], f"{name}.second.sum")
    return graph.normal(added, weights, f"{source}.oln", f"{name}.second")
