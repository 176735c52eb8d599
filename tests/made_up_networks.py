"""ONNX files made by hand, most of them hostile."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

node = helper.make_node


def values(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def whole(name, *numbers):
    return values(name, np.array(numbers, np.int64))


def model(nodes, tensors=(), outs=(("y", 10),), shape=(1, 28, 28), opsets=(), functions=()):
    """An ONNX file's content: ``x`` (n, …) to ``outs`` (n, count)."""
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        list(nodes),
        "g",
        [info("x", TensorProto.FLOAT, ["n", *shape])],
        [info(name, TensorProto.FLOAT, ["n", count]) for name, count in outs],
        list(tensors),
    )
    versions = [helper.make_opsetid(*one) for one in (("", 17), *opsets)]
    made = helper.make_model(graph, opset_imports=versions, functions=list(functions), ir_version=8)
    return made.SerializeToString()


# Hostile ones --------------------------------------------------------------------------------

WEIGHTS = np.random.default_rng(0).normal(size=(784, 10)).astype(np.float32)
FLAT, LAST = node("Flatten", ["x"], ["f"]), node("MatMul", ["f", "w"], ["p"])
LINEAR = (FLAT, node("MatMul", ["f", "w"], ["y"]))


def linear(weights=WEIGHTS):
    """The plainest network there is."""
    return model(LINEAR, [values("w", weights)])


def adds(*nodes, more=()):
    """The same, and the sum of what ``z`` is: of whatever size."""
    total = node("ReduceSum", ["z"], ["r"], keepdims=0)
    together = node("Add", ["p", "r"], ["y"])
    return model([FLAT, LAST, *nodes, total, together], [values("w", WEIGHTS), *more])


def branch(inside=None):
    info = helper.make_tensor_value_info("o", TensorProto.FLOAT, None)
    return helper.make_graph([inside or node("Identity", ["f"], ["o"])], "b", [], [info])


def branches(depth):
    """``If`` in ``If`` in ``If``."""
    nested = branch()
    for _ in range(depth):
        one = node("If", ["c"], ["o"], then_branch=nested, else_branch=branch())
        nested = branch(one)
    chosen = node("If", ["c"], ["f2"], then_branch=nested, else_branch=branch())
    last = node("MatMul", ["f2", "w"], ["y"])
    return model([FLAT, chosen, last], [values("w", WEIGHTS), values("c", np.array(True))])


def loop(rounds):
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [node("Identity", ["c1"], ["c2"]), node("Add", ["s1", "s1"], ["s2"])],
        "b",
        [info("i", TensorProto.INT64, []), info("c1", TensorProto.BOOL, []),
         info("s1", TensorProto.FLOAT, None)],
        [info("c2", TensorProto.BOOL, []), info("s2", TensorProto.FLOAT, None)],
    )  # fmt: skip
    nodes = [FLAT, node("Loop", ["m", "c", "f"], ["f2"], body=body)]
    tensors = [values("w", WEIGHTS), values("c", np.array(True)), values("m", np.int64(rounds))]
    return model([*nodes, node("MatMul", ["f2", "w"], ["y"])], tensors)


def elsewhere():
    """A tensor whose values lie in another file."""
    tensor = values("w", WEIGHTS)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    return tensor


def foreign(domain):
    one = node("FusedMatMul", ["f", "w"], ["y"], domain=domain)
    return model([FLAT, one], [values("w", WEIGHTS)], opsets=[(domain, 1)])


def function():
    own = [node("Identity", ["a"], ["b"])]
    made = helper.make_function("own", "F", ["a"], ["b"], own, [helper.make_opsetid("", 17)])
    called = node("F", ["f"], ["f2"], domain="own")
    last = node("MatMul", ["f2", "w"], ["y"])
    return model([FLAT, called, last], [values("w", WEIGHTS)], opsets=[("own", 1)],
                 functions=[made])  # fmt: skip


def slow():
    """Hours of computing in 200 KB: wide convolutions, one after the other."""
    kernel = values("k", np.full((8, 8, 27, 27), 1e-4, np.float32))
    convs = [node("Conv", [f"c{i}", "k"], [f"c{i + 1}"], pads=[13] * 4) for i in range(200)]
    first = node("Tile", ["x", "t"], ["c0"])
    more = [whole("t", 1, 8, 1, 1), kernel]
    return adds(first, *convs, node("Identity", ["c200"], ["z"]), more=more)


def lying():
    """A tensor that says it has ten gigabytes, and has none."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[784, 10, 325_000])
    return model(LINEAR, [tensor])


def trains():
    ratio, on = values("half", np.float32(0.5)), values("on", np.array(True))
    drop = node("Dropout", ["f", "half", "on"], ["d"])
    last = node("MatMul", ["d", "w"], ["y"])
    return model([FLAT, drop, last], [values("w", WEIGHTS), ratio, on])


HUGE = whole("s", 10**5, 10**5)  # 40 GB of float32
HOSTILE = {  # name: (the file's content, words of what is said)
    "nothing": (lambda: b"", "it holds no network: its graph has no nodes"),
    "text": (lambda: b"hello, world", "it is no whole ONNX file"),
    "truncated": (lambda: linear()[:-1000], "it is no whole ONNX file"),
    "nested protobuf": (lambda: b"\x3a\xff\xff\xff\x7f" * 1000, "it is no whole ONNX file"),
    "zeros": (lambda: bytes(10**6), "it is no whole ONNX file"),
    "if in if in if": (lambda: branches(15), "it holds If, a loop or a branch"),
    "endless loop": (lambda: loop(10**15), "it holds Loop, a loop or a branch"),
    "40 GB of zeros": (
        lambda: adds(node("ConstantOfShape", ["s"], ["z"]), more=[HUGE]),
        "it needs too much memory",
    ),
    "40 GB by expanding": (
        lambda: adds(
            node("ReduceSum", ["x"], ["q"], keepdims=0),
            node("Expand", ["q", "s"], ["z"]),
            more=[HUGE],
        ),
        "it needs too much memory",
    ),
    "by tiling": (
        lambda: adds(node("Tile", ["x", "t"], ["z"]), more=[whole("t", 1, 10**4, 10**3, 1)]),
        "it needs too much memory",
    ),
    "by counting": (
        lambda: adds(
            node("Range", ["a", "b", "a1"], ["z"]),
            more=[values(k, np.float32(v)) for k, v in (("a", 0), ("b", 1e11), ("a1", 1))],
        ),
        "it needs too much memory",
    ),
    "10 GB as it says": (lying, ""),  # whatever is wrong with it first
    "another file": (lambda: model(LINEAR, [elsewhere()]), "its tensor 'w' lies in another file"),
    "another file in a constant": (
        lambda: model([node("Constant", [], ["w"], value=elsewhere()), *LINEAR]),
        "its tensor 'w' lies in another file",
    ),
    "custom operator": (lambda: foreign("evil.example"), "the operator evil.example.FusedMatMul"),
    "a vendor's operator": (lambda: foreign("com.microsoft"), "com.microsoft.FusedMatMul"),
    "a function": (function, "it brings an operator of its own, F"),
    "chance": (
        lambda: adds(node("RandomNormalLike", ["p"], ["z"])),
        "it asks for the operator RandomNormalLike",
    ),
    "in training mode": (trains, "its Dropout is in training mode; export the network in eval"),
    "20,000 nodes": (
        lambda: adds(*(node("Relu", [f"a{i}" if i else "f"], [f"a{i + 1}"]) for i in range(20_000)),
                     node("Identity", ["a20000"], ["z"])),
        "its graph has 20,005 nodes; expected at most 5,000",
    ),
    "hours": (slow, "it takes more than"),
    "not a number": (lambda: linear(WEIGHTS * np.nan), "its weights give outputs that are not fin"),
    "infinite": (lambda: linear(WEIGHTS * np.inf), "its weights give outputs that are not finite"),
    "colour images": (
        lambda: model(LINEAR, [values("w", np.zeros((3072, 10), np.float32))], shape=(3, 32, 32)),
        "its input has the shape (N, 3, 32, 32); by the layout declared, images have",
    ),
    "seven classes": (
        lambda: model(LINEAR, [values("w", WEIGHTS[:, :7])], outs=[("y", 7)]),
        "its network gives the shape (2, 7) for 2 images; expected (2, 10)",
    ),
    "two outputs": (
        lambda: model(
            [*LINEAR, node("Identity", ["y"], ["y2"])],
            [values("w", WEIGHTS)],
            outs=[("y", 10), ("y2", 10)],
        ),
        "it has 1 inputs and 2 outputs; expected one of each",
    ),
    "no such tensor": (lambda: model(LINEAR), ""),
}  # fmt: skip
