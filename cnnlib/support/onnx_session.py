"""What is in an ONNX file, looked at before anything of it is computed; and computing it.

Without torch, so that a process with limits starts in a moment. ONNX Runtime runs no Python; what
a stranger's file could still do is point to other files, ask for an operator of somebody's own,
loop for ever, or want more memory than there is. The first three are refused here by what the file
says; against the rest, whoever computes strangers' files sets limits.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

NODES = 5_000  # of a graph; a network of a hundred layers has a tenth of them
_NAMES = """
    Abs Add And Attention ArgMax ArgMin AveragePool BatchNormalization Cast CastLike Ceil Celu Clip
    Concat Constant ConstantOfShape Conv ConvTranspose Cos CumSum DepthToSpace Div Dropout Einsum
    Elu Equal Erf Exp Expand Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm
    GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GroupNormalization
    HardSigmoid HardSwish Hardmax Identity InstanceNormalization LRN LSTM LayerNormalization
    LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization LpPool MatMul Max MaxPool Mean
    MeanVarianceNormalization Min Mish Mod Mul Neg Not OneHot Or PRelu Pad Pow RMSNormalization RNN
    Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize Round ScatterElements ScatterND Selu
    Shape Shrink Sigmoid Sign Sin Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt
    Squeeze Sub Sum Swish Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Upsample Where
    Xor
    """
OPERATORS = frozenset(_NAMES.split())
TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


class OnnxError(RuntimeError):
    """A network cannot be written as ONNX, or a file's content is none."""


@dataclass(frozen=True)
class Inside:
    """What a file holds. ``numbers``: the values of its weights, running statistics left out.

    ``single``: tensors of one number, which may be weights or not. ``channels``: outputs of its
    convolutions and fully connected layers: an exporter may have folded batch norm into them.
    """

    numbers: int
    single: int
    channels: int
    operators: tuple[str, ...]  # of each node, in order


def looked_into(content: bytes) -> Inside:
    """What the file holds; OnnxError, in one sentence, for what is not to be computed.

    Allowed are the standard operators that layers are made of, without loops and branches, and
    with all weights in the file itself.
    """
    import onnx  # only who takes strangers' files needs it

    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf's kinds differ by its build
        told = (str(error).strip().splitlines() or ["no message"])[0]
        raise OnnxError(f"it is no whole ONNX file ({told})") from None
    graph = model.graph
    if not graph.node:
        raise OnnxError("it holds no network: its graph has no nodes")
    if len(graph.node) > NODES:
        raise OnnxError(f"its graph has {len(graph.node):,} nodes; expected at most {NODES:,}")
    if model.functions:
        raise OnnxError(f"it brings an operator of its own, {model.functions[0].name}; {STANDARD}")
    for node in graph.node:
        _check_node(node)
    if graph.sparse_initializer:
        raise OnnxError("it holds sparse tensors; expected weights with all their values")
    tensors = list(_tensors(graph))
    for tensor in tensors:
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise OnnxError(
                f"its tensor {tensor.name!r} lies in another file; export with all weights in the "
                "file itself (external_data=False)"
            )
    return _inside(graph, tensors)


STANDARD = "expected the standard operators that layers are made of"


def _check_node(node: Any) -> None:
    import onnx

    kind = node.op_type
    if any(one.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
           for one in node.attribute):  # fmt: skip
        raise OnnxError(
            f"it holds {kind}, a loop or a branch; expected layers that follow one another"
        )
    if node.domain not in ("", "ai.onnx") or kind not in OPERATORS:
        name = f"{node.domain}.{kind}" if node.domain else kind
        raise OnnxError(f"it asks for the operator {name}; {STANDARD}")
    training = [one for one in node.attribute if one.name == "training_mode" and one.i]
    if training or (kind == "Dropout" and len(node.input) > 2 and node.input[2]):
        raise OnnxError(f"its {kind} is in training mode; export the network in eval mode")


def _tensors(graph: Any) -> Iterator[Any]:
    """All tensors with values that the file holds."""
    yield from graph.initializer
    for node in graph.node:
        for one in node.attribute:
            if one.HasField("t"):
                yield one.t
            yield from one.tensors


def _inside(graph: Any, tensors: list[Any]) -> Inside:
    import onnx

    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)
    statistics = {
        name for node in graph.node if node.op_type == "BatchNormalization"
        for name in node.input[3:5]
    }  # fmt: skip
    sizes = [
        math.prod(tensor.dims) for tensor in tensors
        if tensor.data_type in floats and tensor.name not in statistics
    ]  # fmt: skip
    shapes = {tensor.name: tuple(tensor.dims) for tensor in tensors}
    channels = sum(_outputs(node, shapes) for node in graph.node)
    return Inside(
        numbers=sum(size for size in sizes if size > 1),
        single=sum(size == 1 for size in sizes),
        channels=channels,
        operators=tuple(node.op_type for node in graph.node),
    )


def _outputs(node: Any, shapes: dict[str, tuple[int, ...]]) -> int:
    """How many channels or units a layer with weights gives; 0 for other nodes."""
    shape = shapes.get(node.input[1], ()) if len(node.input) > 1 else ()
    if node.op_type == "Conv" and shape:
        return shape[0]
    return max(shape) if node.op_type in ("Gemm", "MatMul") and shape else 0


def steps(operators: tuple[str, ...]) -> str:
    """The operators that compute, and how many of each, as one line."""
    shaping = {"Cast", "Concat", "Constant", "Gather", "Identity", "Shape", "Slice", "Squeeze",
               "Unsqueeze"}  # fmt: skip
    counted = Counter(one for one in operators if one not in shaping)
    return ", ".join(f"{count} {name}" if count > 1 else name for name, count in counted.items())


class Session:
    """A network in ONNX Runtime, on one thread: so the same on each call.

    Raises whatever ONNX Runtime does; its kinds of errors share no base.
    """

    def __init__(self, content: bytes) -> None:
        import onnxruntime  # 0.2 s that no other run needs

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self.session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        inputs, outputs = self.session.get_inputs(), self.session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise ValueError(
                f"it has {len(inputs)} inputs and {len(outputs)} outputs; expected one of each"
            )
        self.name, self.shape = inputs[0].name, list(inputs[0].shape)
        if inputs[0].type not in TYPES:
            raise ValueError(f"its input is {inputs[0].type}; expected tensor(float)")
        self.type = TYPES[inputs[0].type]

    def run(self, images: np.ndarray) -> np.ndarray:
        """What it gives for images, float32 (N, …); by so many at a time as its file says."""
        if len(self.shape) != images.ndim or any(
            isinstance(one, int) and one != has
            for one, has in zip(self.shape[1:], images.shape[1:], strict=True)
        ):
            shape = ", ".join("N" if isinstance(one, str) else str(one) for one in self.shape)
            raise ValueError(
                f"its input has the shape ({shape}); by the layout declared, images have "
                f"(N, {', '.join(map(str, images.shape[1:]))})"
            )
        images, fixed = images.astype(self.type), self.shape[0] if self.shape else None
        if not isinstance(fixed, int) or fixed < 1 or fixed == len(images):
            return self._run(images)
        # an export that takes, say, one image at a time: the last ones are filled up with black
        filled = np.concatenate([images, np.zeros_like(images[:1]).repeat(-len(images) % fixed, 0)])
        parts = [self._run(filled[i : i + fixed]) for i in range(0, len(filled), fixed)]
        return np.concatenate(parts)[: len(images)]

    def _run(self, images: np.ndarray) -> np.ndarray:
        (given,) = self.session.run(None, {self.name: images})
        return np.asarray(given, dtype=np.float32)
