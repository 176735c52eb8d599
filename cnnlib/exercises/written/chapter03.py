"""Exercises of chapter 3 that are answered by writing a function or a class."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def side(n, k, p):
    """The side after a k×k convolution with padding p, and 2×2 pooling."""
    after_convolution = n + 2 * p - k + 1  # p more pixels at both ends
    # pooling takes them two by two, and drops a single one at the end
    return after_convolution // 2


def _padded_once(n, k, p):
    return (n + p - k + 1) // 2


def _one_place_less(n, k, p):
    return (n + 2 * p - k) // 2


def _not_pooled(n, k, p):
    return n + 2 * p - k + 1


def _half_pixels(n, k, p):
    return (n + 2 * p - k + 1) / 2


def _rounded_up(n, k, p):
    return math.ceil((n + 2 * p - k + 1) / 2)


def conv_parameters(inputs, filters, kernel, bias=True):
    """How many numbers a convolution learns; ``kernel`` is the side of its square."""
    weights = inputs * kernel * kernel  # of one filter: a square for each input map
    biases = 1 if bias else 0  # and one bias, however many maps come in
    return filters * (weights + biases)


def _never_a_bias(inputs, filters, kernel, bias=True):
    return filters * inputs * kernel**2


def _always_a_bias(inputs, filters, kernel, bias=True):
    return filters * (inputs * kernel**2 + 1)


def _one_input(inputs, filters, kernel, bias=True):
    return filters * (kernel**2 + bias)


def _bias_for_each_input(inputs, filters, kernel, bias=True):
    return filters * inputs * (kernel**2 + bias)


def _line_kernel(inputs, filters, kernel, bias=True):
    return filters * (inputs * kernel + bias)


def relu_forward_backward(x, grad):
    """y = ReLU(x), and the loss's gradient for x, from ``grad``, its gradient for y."""
    positive = x > 0
    y = torch.where(positive, x, torch.zeros_like(x))
    # where x passed, the slope is 1: the gradient passes too. Elsewhere the slope is 0
    grad_x = torch.where(positive, grad, torch.zeros_like(grad))
    return y, grad_x


def _slope_alone(x, grad):
    return x.clamp(min=0), (x > 0).float()


def _passed_everywhere(x, grad):
    return x.clamp(min=0), grad


def _gradient_cut(x, grad):
    return x.clamp(min=0), grad.clamp(min=0)


def _times_output(x, grad):
    return x.clamp(min=0), grad * x.clamp(min=0)


def _open_at_zero(x, grad):
    return x.clamp(min=0), grad * (x >= 0)


def _absolute(x, grad):
    return x.abs(), grad * x.sign()


def linear_forward_backward(x, weight, bias, grad):
    """y = x Wᵀ + b, and the loss's gradients for x, W and b, from ``grad``, that for y.

    x (N, inputs), weight (outputs, inputs), bias (outputs,), grad (N, outputs).
    """
    y = x @ weight.T + bias  # (N, outputs)
    grad_x = grad @ weight  # (N, inputs): each input reached all outputs
    grad_weight = grad.T @ x  # (outputs, inputs): a sum over the N images
    grad_bias = grad.sum(dim=0)  # (outputs,): one bias served all N images
    return y, grad_x, grad_weight, grad_bias


def _bias_not_summed(x, weight, bias, grad):
    return x @ weight.T + bias, grad @ weight, grad.T @ x, grad


def _bias_mean(x, weight, bias, grad):
    return x @ weight.T + bias, grad @ weight, grad.T @ x, grad.mean(dim=0)


def _weight_transposed(x, weight, bias, grad):
    return x @ weight.T + bias, grad @ weight, x.T @ grad, grad.sum(dim=0)


def _weight_mean(x, weight, bias, grad):
    return x @ weight.T + bias, grad @ weight, grad.T @ x / len(x), grad.sum(dim=0)


def _transposed_on_the_way_back(x, weight, bias, grad):
    return x @ weight.T + bias, grad @ weight.T, grad.T @ x, grad.sum(dim=0)


def _no_bias(x, weight, bias, grad):
    return x @ weight.T, grad @ weight, grad.T @ x, grad.sum(dim=0)


def he_uniform(shape):
    """New weights of this shape, drawn evenly between ±√(6 / fan_in).

    ``shape``: (outputs, inputs), or (filters, channels, k, k) for a convolution.
    """
    fan_in = math.prod(shape[1:])  # how many numbers one output adds up
    limit = math.sqrt(6 / fan_in)  # an even draw has the variance limit² / 3
    return torch.empty(shape).uniform_(-limit, limit)


def _fan_out(shape):
    limit = math.sqrt(6 * shape[1] / math.prod(shape))  # of outputs, and of their windows
    return (2 * torch.rand(shape) - 1) * limit


def _glorot(shape):
    return nn.init.xavier_uniform_(torch.empty(shape))


def _channels_alone(shape):
    return (2 * torch.rand(shape) - 1) * math.sqrt(6 / shape[1])


def _positive(shape):
    return torch.rand(shape) * math.sqrt(6 / math.prod(shape[1:]))


def _deviation_as_limit(shape):
    return (2 * torch.rand(shape) - 1) * math.sqrt(2 / math.prod(shape[1:]))


def _variance_as_limit(shape):
    return (2 * torch.rand(shape) - 1) * 6 / math.prod(shape[1:])


def _bell(shape):
    return torch.randn(shape) * math.sqrt(2 / math.prod(shape[1:]))


def _the_same_each_time(shape):
    torch.manual_seed(1)
    return he_uniform(shape)


class MaxLeNet(nn.Module):
    """LeNet-5 with max pooling: images (N, 1, 28, 28) → logits (N, 10)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)  # keeps the side of 28
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.pool = nn.MaxPool2d(2)  # holds no weights, so both places may share it
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, images):
        maps = self.pool(F.relu(self.conv1(images)))  # (N, 6, 14, 14)
        maps = self.pool(F.relu(self.conv2(maps)))  # (N, 16, 5, 5)
        x = maps.flatten(start_dim=1)  # (N, 400): a row for each image
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)  # logits: no ReLU, no softmax


class _Softmax(MaxLeNet):
    def forward(self, images):
        return super().forward(images).softmax(dim=1)


class _ReluAtTheEnd(MaxLeNet):
    def forward(self, images):
        return super().forward(images).relu()


class _Linear(MaxLeNet):
    def forward(self, images):
        maps = self.pool(self.conv2(self.pool(self.conv1(images))))
        return self.fc3(self.fc2(self.fc1(maps.flatten(start_dim=1))))


class _ConvolutionsLinear(MaxLeNet):
    def forward(self, images):
        maps = self.pool(self.conv2(self.pool(self.conv1(images))))
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(maps.flatten(start_dim=1))))))


class _HeadLinear(MaxLeNet):
    def forward(self, images):
        maps = self.pool(F.relu(self.conv2(self.pool(F.relu(self.conv1(images))))))
        return self.fc3(self.fc2(self.fc1(maps.flatten(start_dim=1))))


class _Average(MaxLeNet):
    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(2)  # type: ignore[assignment]


class _Unpadded(MaxLeNet):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.fc1 = nn.Linear(16 * 4 * 4, 120)


class _AllInOneRow(MaxLeNet):
    def forward(self, images):
        maps = self.pool(F.relu(self.conv1(images)))
        x = self.pool(F.relu(self.conv2(maps))).flatten()
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


class _Mixed(MaxLeNet):
    def forward(self, images):
        maps = self.pool(F.relu(self.conv1(images)))
        x = self.pool(F.relu(self.conv2(maps))).view(400, -1).T
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def class_scores(images, filters, weight, bias):
    """Convolution → ReLU → max pooling → linear layer: (N, C, H, W) → (N, classes)."""
    maps = torch.relu(F.conv2d(images, filters))
    pooled = F.max_pool2d(maps, 2)  # (N, filters, h, w)
    rows = pooled.flatten(start_dim=1)  # one row for each image, (N, filters · h · w)
    return rows @ weight.T + bias


def _view_that_merges(images, filters, weight, bias):
    maps = torch.relu(F.conv2d(images, filters))
    pooled = F.max_pool2d(maps, 2)
    rows = pooled.view(-1, len(images)).T
    return rows @ weight.T + bias


def _channels_first(images, filters, weight, bias):
    pooled = F.max_pool2d(torch.relu(F.conv2d(images, filters)), 2)
    rows = pooled.transpose(0, 1).reshape(len(images), -1)
    return rows @ weight.T + bias


def _channels_last(images, filters, weight, bias):
    pooled = F.max_pool2d(torch.relu(F.conv2d(images, filters)), 2)
    rows = pooled.permute(0, 2, 3, 1).flatten(start_dim=1)
    return rows @ weight.T + bias


def _first_image_alone(images, filters, weight, bias):
    pooled = F.max_pool2d(torch.relu(F.conv2d(images, filters)), 2)
    return pooled[0].flatten() @ weight.T + bias


# Oracles: torch's own ---------------------------------------------------------------------


def _side_of_torch(n, k, p):
    maps = F.conv2d(torch.zeros(1, 1, n, n), torch.zeros(1, 1, k, k), padding=p)
    return F.max_pool2d(maps, 2).shape[-1]


def _count_of_torch(inputs, filters, kernel, bias=True):
    layer = nn.Conv2d(inputs, filters, kernel, bias=bias)
    return sum(values.numel() for values in layer.parameters())


def _relu_of_torch(x, grad):
    x = x.clone().requires_grad_()
    y = F.relu(x)
    return y, torch.autograd.grad(y, x, grad)[0]


def _linear_of_torch(x, weight, bias, grad):
    given = [values.clone().requires_grad_() for values in (x, weight, bias)]
    y = F.linear(*given)
    return y, *torch.autograd.grad(y, given, grad)


def _he_of_torch(shape):
    return nn.init.kaiming_uniform_(torch.empty(shape))


def _network_of_torch() -> nn.Sequential:
    seeing = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5)]
    reading = [nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
    return nn.Sequential(*seeing, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), *reading)


def _scores_of_torch(images, filters, weight, bias):
    conv = nn.Conv2d(filters.shape[1], len(filters), filters.shape[-1], bias=False)
    linear = nn.Linear(weight.shape[1], len(weight))
    known = {"0.weight": filters, "4.weight": weight, "4.bias": bias}
    model = nn.Sequential(conv, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), linear)
    model.load_state_dict(known)
    return model(images)


# How the answers are used -----------------------------------------------------------------


def _statistics(answer: Callable[..., Any], shape: tuple[int, ...]) -> dict[str, Any] | None:
    """What all draws of He's weights have in common, rounded: each draw has other numbers."""
    drawn = answer(shape), answer(shape)
    if any(weights is None for weights in drawn):
        return None
    first, second = (torch.as_tensor(weights).detach().double() for weights in drawn)
    limit = math.sqrt(6 / math.prod(shape[1:]))
    spread = (first.std() / limit * math.sqrt(3)).item()
    return {
        "the shape": first.shape,
        "the mean, as a part of the limit": round(first.mean().item() / limit, 1),
        "the standard deviation, as a part of what it should be": round(spread, 1),
        "the largest weight, as a part of the limit": round(
            min(first.abs().max().item() / limit, 2.0), 1
        ),
        "two draws differ": not torch.equal(first, second),
    }


_SHAPES = [tuple(values.shape) for values in _network_of_torch().parameters()]


def _with_known_weights(answer: Callable[[], nn.Module], images: torch.Tensor) -> dict[str, Any]:
    """Shapes of its parameters; logits and gradients once these hold known values."""
    if isinstance(answer, nn.Module):
        raise TypeError("a network was given; give the class itself, without brackets")
    model = answer()
    parameters = list(model.parameters())
    shapes = [tuple(values.shape) for values in parameters]
    logits, reached = torch.zeros(len(images), 10), 0
    if shapes == _SHAPES:
        drawn = torch.Generator().manual_seed(3)
        with torch.no_grad():
            for values in parameters:
                fan_in = max(1, math.prod(values.shape[1:]))
                values.copy_(torch.randn(values.shape, generator=drawn) / math.sqrt(fan_in))
        logits = model(images)
        if torch.is_tensor(logits) and logits.requires_grad:
            logits.square().sum().backward()
            reached = sum(p.grad is not None and bool(p.grad.any()) for p in parameters)
    return {
        "the parameters, in the order of their layers, have shapes": str(shapes),
        "the logits": logits,
        "parameters that get a gradient": reached,
    }


# Hidden inputs ----------------------------------------------------------------------------


def _relu_cases() -> list[tuple]:
    drawn = torch.Generator().manual_seed(1)
    found = [
        (torch.randn(size, generator=drawn), torch.randn(size, generator=drawn))
        for size in [(4, 3), (2, 3, 5, 5), (1,)]
    ]
    special = torch.tensor([-1e30, -1.0, -0.0, 0.0, 1e-30, 2.0, 1e30])
    return [*found, (special, torch.tensor([1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0]))]


def _linear_cases() -> list[tuple]:
    drawn = torch.Generator().manual_seed(2)
    sizes = [(4, 3, 3), (1, 5, 2), (6, 2, 7)]  # images, inputs, outputs: one square, one batch of 1
    return [
        tuple(torch.randn(size, generator=drawn) for size in ((n, i), (o, i), (o,), (n, o)))
        for n, i, o in sizes
    ]


def _image_cases() -> list[tuple]:
    drawn = torch.Generator().manual_seed(4)
    return [(torch.rand((n, 1, 28, 28), generator=drawn),) for n in (3, 1, 8)]


def _score_cases() -> list[tuple]:
    drawn = torch.Generator().manual_seed(6)
    sizes = [
        ((5, 1, 8, 8), (3, 1, 3, 3), (4, 27), (4,)),
        ((1, 2, 7, 9), (2, 2, 2, 2), (3, 24), (3,)),
        ((7, 3, 6, 6), (4, 3, 3, 3), (10, 16), (10,)),
    ]
    return [tuple(torch.randn(size, generator=drawn) for size in some) for some in sizes]


EXERCISES: dict[str, Written] = {
    "3.3": Written(
        hints=(
            "Take it in two steps: the side after the convolution, then pooling.",
            "The first step is the chapter's formula. In the second use //, which divides and "
            "drops what is left over.",
        ),
        solution=side,
        oracle=_side_of_torch,
        cases=lambda: [(28, 5, 2), (14, 5, 0), (28, 3, 0), (9, 2, 1), (5, 3, 0), (13, 7, 3)],
        mistakes=(
            (_padded_once, "an image has two ends, and padding is added at both of them."),
            (_one_place_less, "count the places of a kernel of 5 in 5 pixels: none, or one?"),
            (_not_pooled, "that is the side after the convolution; the pooling is missing."),
            (_half_pixels, "there are no half pixels: an odd one at the end is dropped."),
            (_rounded_up, "an odd pixel at the end has no partner; pooling drops it."),
        ),
    ),
    "3.4": Written(
        hints=(
            "Check one row of the layer table: of what does 2,416 consist?",
            "A filter has kernel · kernel weights for each input map, and one bias if there "
            "are biases. All filters are of this kind.",
        ),
        solution=conv_parameters,
        oracle=_count_of_torch,
        cases=lambda: [(1, 6, 5), (6, 16, 5), (3, 4, 1), (2, 5, 3, False), (16, 1, 2, True)],
        mistakes=(
            (_never_a_bias, "the biases are missing: each filter has one."),
            (_always_a_bias, "with bias=False there are no biases to count."),
            (_one_input, "it counts one square for each filter, however many maps come in."),
            (_bias_for_each_input, "a filter adds up all its squares, and then one bias."),
            (_line_kernel, "a kernel is a square: a side of 5 makes more than 5 weights."),
        ),
    ),
    "3.5": Written(
        hints=(
            "ReLU passes x on where it is positive. What is its slope there, and elsewhere?",
            "The chain rule: grad_x = grad · slope, with slope 1 where x > 0, else 0. "
            "Leave x and grad as they were.",
        ),
        solution=relu_forward_backward,
        oracle=_relu_of_torch,
        cases=_relu_cases,
        mistakes=(
            (_slope_alone, "that is ReLU's own slope; the chain rule asks for one factor more."),
            (_passed_everywhere, "the gradient must stop where the input was stopped."),
            (_gradient_cut, "you look at the sign of the gradient; it is x's sign that counts."),
            (_times_output, "the slope of ReLU is 1 or 0; you multiply by the output itself."),
            (_open_at_zero, "right but for x = 0: there torch, by convention, lets nothing pass."),
            (_absolute, "negative inputs come out positive; ReLU makes them 0."),
        ),
    ),
    "3.6": Written(
        hints=(
            "Write down the shapes: each gradient has the shape of what it belongs to.",
            "Each of grad_x and grad_weight is a product of two of the matrices; shapes leave "
            "only one way. A bias acts on all N rows, so its gradients add up.",
        ),
        solution=linear_forward_backward,
        oracle=_linear_of_torch,
        cases=_linear_cases,
        mistakes=(
            (_bias_not_summed, "grad_bias has a row for each image, the bias has only one row."),
            (_bias_mean, "grad_bias is too small, by the number of images: add, do not average."),
            (_weight_transposed, "grad_weight lies on its side; compare its shape to weight's."),
            (_weight_mean, "grad_weight is too small, by the number of images."),
            (
                _transposed_on_the_way_back,
                "grad_x is wrong, and would not fit if inputs and outputs differed in number.",
            ),
            (_no_bias, "the output y lacks the bias; the gradients are right."),
        ),
        tolerance=1e-4,
    ),
    "3.7": Written(
        hints=(
            "How many numbers does one output add up? For a filter: its window on every channel.",
            "fan_in is the product of all sizes but the first; torch.rand(shape) gives numbers "
            "from 0 to 1: stretch and move them to -limit to limit.",
        ),
        solution=he_uniform,
        oracle=_he_of_torch,
        cases=lambda: [((200, 400),), ((600, 100),), ((64, 32, 5, 5),), ((32, 64, 3, 3),)],
        use=_statistics,
        mistakes=(
            (_fan_out, "the spread depends on the number of outputs; count what goes in."),
            (_glorot, "that is Glorot's rule, of inputs and outputs; He's has the inputs alone."),
            (_channels_alone, "right for linear layers; a filter's window has k · k places more."),
            (_positive, "no weight is negative: the draw should go from -limit to limit."),
            (_deviation_as_limit, "√(2 / fan_in) is the standard deviation, not yet the limit."),
            (_variance_as_limit, "the weights are far too small; is a square root missing?"),
            (_bell, "the spread is right, but some weights lie far outside: draw them evenly."),
            (_the_same_each_time, "two layers would get the same weights: set no seed in it."),
        ),
    ),
    "3.8": Written(
        hints=(
            "Begin with super().__init__(); define five layers with weights, in the order of use.",
            "As the chapter's class; only the pooling differs: F.max_pool2d(maps, 2) or "
            "nn.MaxPool2d(2). Nothing follows the last layer.",
        ),
        solution=MaxLeNet,
        oracle=_network_of_torch,
        cases=_image_cases,
        use=_with_known_weights,
        mistakes=(
            (_Softmax, "the rows add up to 1: a softmax at the end. Give logits, as asked."),
            (_ReluAtTheEnd, "no logit is negative; the last layer's output should stay as it is."),
            (_Linear, "there is no activation at all, so that one matrix could do the same."),
            (_ConvolutionsLinear, "after the convolutions the ReLU is missing."),
            (_HeadLinear, "after the fully connected layers the ReLU is missing."),
            (_Average, "it takes averages; this network's pooling keeps the maximum."),
            (_Unpadded, "the first convolution loses pixels at the edge; it should keep 28×28."),
            (_AllInOneRow, "all images of a batch end in one row; flatten from dimension 1 on."),
            (_Mixed, "the rows have the right length, but mix the numbers of several images."),
        ),
        tolerance=1e-4,
    ),
    "3.9": Written(
        hints=(
            "Run it with one image, then with the same image twice. Are the two rows the same?",
            "view reads the numbers in the order in which they lie in memory: image by image. "
            "Which call keeps the first dimension and joins the others?",
        ),
        solution=class_scores,
        oracle=_scores_of_torch,
        cases=_score_cases,
        mistakes=(
            (
                _view_that_merges,
                "the shape is right, but the scores of an image change with its neighbours in "
                "the batch; only a single image comes out right.",
            ),
            (_channels_first, "images and channels have changed places before they are joined."),
            (_channels_last, "images stay apart now, but the weights expect another order."),
            (_first_image_alone, "only the first image is scored; each must get its row."),
        ),
        tolerance=1e-4,
    ),
}
