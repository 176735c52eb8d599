"""Exercises of chapter 12 that are answered by writing a function or a class."""

import torch
from torch import nn

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def running(old_mean, old_var, batch):
    """Running mean and variance after one more batch (N,) of numbers: a pair."""
    # a tenth of the way towards the batch's own values
    mean = 0.9 * old_mean + 0.1 * batch.mean()
    # the unbiased variance: the batch is a sample of all images
    variance = 0.9 * old_var + 0.1 * batch.var(unbiased=True)
    return mean, variance


def _biased(old_mean, old_var, batch):
    variance = ((batch - batch.mean()) ** 2).mean()
    return 0.9 * old_mean + 0.1 * batch.mean(), 0.9 * old_var + 0.1 * variance


def _other_way(old_mean, old_var, batch):
    return 0.1 * old_mean + 0.9 * batch.mean(), 0.1 * old_var + 0.9 * batch.var()


def _deviation(old_mean, old_var, batch):
    return 0.9 * old_mean + 0.1 * batch.mean(), 0.9 * old_var + 0.1 * batch.std()


def _only_the_batch(old_mean, old_var, batch):
    return batch.mean(), batch.var()


def _added(old_mean, old_var, batch):
    return old_mean + 0.1 * batch.mean(), old_var + 0.1 * batch.var()


class BatchNorm(nn.Module):
    """Batch norm of maps (N, C, H, W), with running statistics for eval mode."""

    running_mean: torch.Tensor  # (C,)
    running_var: torch.Tensor

    def __init__(self, channels, momentum=0.1, eps=1e-5):
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        # stored with the weights, but no gradient reaches them
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, maps):
        mean, var = self.running_mean, self.running_var
        if self.training:  # the batch's own, of each map
            mean = maps.mean(dim=(0, 2, 3))
            var = maps.var(dim=(0, 2, 3), unbiased=False)
            with torch.no_grad():  # a note for later, not a part of the network
                unbiased = maps.var(dim=(0, 2, 3), unbiased=True)
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (unbiased - self.running_var)
        shape = (1, -1, 1, 1)  # (C,) beside (N, C, H, W)
        normal = (maps - mean.view(shape)) / (var.view(shape) + self.eps).sqrt()
        return normal * self.weight.view(shape) + self.bias.view(shape)


class _Variation(nn.Module):
    """Batch norm with a fault, by default none."""

    running_mean: torch.Tensor
    running_var: torch.Tensor
    dims: tuple[int, ...] = (0, 2, 3)
    batch_in_eval = keeps_nothing = False
    in_norm, in_running = False, True  # unbiased?

    def __init__(self, channels, momentum=0.1, eps=1e-5):
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, maps):
        mean = self.running_mean.view(1, -1, 1, 1)
        var = self.running_var.view(1, -1, 1, 1)
        if self.training or self.batch_in_eval:
            mean = maps.mean(dim=self.dims, keepdim=True)
            var = maps.var(dim=self.dims, keepdim=True, unbiased=self.in_norm)
        if self.training and not self.keeps_nothing:
            own = maps.var(dim=self.dims, keepdim=True, unbiased=self.in_running)
            self._keep(mean.detach().mean(0).flatten(), own.detach().mean(0).flatten())
        return self._scaled((maps - mean) / (var + self.eps).sqrt())

    def _keep(self, mean, var):
        self.running_mean += self.momentum * (mean - self.running_mean)
        self.running_var += self.momentum * (var - self.running_var)

    def _scaled(self, normal):
        return normal * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)


class _BiasedEstimate(_Variation):
    in_running = False


class _UnbiasedInside(_Variation):
    in_norm = True


class _MomentumTurned(_Variation):
    def _keep(self, mean, var):
        self.running_mean *= self.momentum
        self.running_mean += (1 - self.momentum) * mean
        self.running_var *= self.momentum
        self.running_var += (1 - self.momentum) * var


class _BatchInEval(_Variation):
    batch_in_eval = True


class _PerSample(_Variation):
    dims = (2, 3)


class _KeepsNothing(_Variation):
    keeps_nothing = True


class _WithoutScale(_Variation):
    def _scaled(self, normal):
        return normal


def predicted(model, images):
    """The class of each image, in batches of 64: (N,)."""
    was_training = model.training
    model.eval()  # running statistics, not those of the batch
    classes = []
    with torch.no_grad():
        for part in images.split(64):
            classes.append(model(part).argmax(dim=1))
    model.train(was_training)  # hand the model back as it came
    return torch.cat(classes)


def _without_eval(model, images):
    classes = []
    with torch.no_grad():
        for part in images.split(64):
            classes.append(model(part).argmax(dim=1))
    return torch.cat(classes)


def _stays_in_eval(model, images):
    model.eval()
    with torch.no_grad():
        return torch.cat([model(part).argmax(dim=1) for part in images.split(64)])


def _always_back_to_train(model, images):
    classes = _stays_in_eval(model, images)
    model.train()
    return classes


def _eval_after_the_first(model, images):
    was_training = model.training
    classes = []
    with torch.no_grad():
        for part in images.split(64):
            classes.append(model(part).argmax(dim=1))
            model.eval()
    model.train(was_training)
    return torch.cat(classes)


# Oracles and hidden inputs ---------------------------------------------------------------------


def _torchs_running(old_mean, old_var, batch):
    mean, var = (torch.tensor([float(old)], dtype=torch.float64) for old in (old_mean, old_var))
    nn.functional.batch_norm(batch[:, None].double(), mean, var, training=True)  # moves both
    return mean.squeeze(), var.squeeze()


def _trained_and_used(answer, channels, settings, *batches):
    """What a layer does in train mode, what it keeps, and what it does in eval mode."""
    layer = answer(channels, **settings)
    with torch.no_grad():
        layer.weight[:] = torch.linspace(0.5, 2, channels)
        layer.bias[:] = torch.linspace(-1, 1, channels)
    *training, last = batches
    outputs = [layer(batch) for batch in training]
    kept = layer.running_mean.clone(), layer.running_var.clone()
    layer.eval()
    return {
        "output in train mode": tuple(outputs),
        "running mean": kept[0],
        "running variance": kept[1],
        "output in eval mode": layer(last),
        "running mean after eval": layer.running_mean.clone(),
    }


def _batches():
    drawn = torch.Generator().manual_seed(12)

    def some(*size, scale=1.0):
        return scale * torch.randn(size, generator=drawn) + 3 * torch.rand(1, generator=drawn)

    return [
        (3, {}, some(4, 3, 5, 2), some(2, 3, 5, 2), some(3, 3, 5, 2)),
        (1, {}, some(2, 1, 1, 1), some(1, 1, 2, 3, scale=10), some(1, 1, 1, 1)),
        (2, dict(momentum=0.3, eps=0.1), some(3, 2, 2, 2, scale=0.1), some(2, 2, 4, 4)),
    ]


def _small_network(images, seed, mode):
    """A network with batch norm that has seen a little training, as in train mode or eval."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 10)
        )
        with torch.no_grad():
            for part in images.split(20):
                model(part)
    return model.train(mode)


def _networks():
    drawn = torch.Generator().manual_seed(125)
    images = torch.randn(150, 1, 6, 6, generator=drawn)
    images = images * torch.linspace(0.2, 4, 150)[:, None, None, None]  # batches that differ
    return [(_small_network(images, seed, mode), images) for seed, mode in [(0, True), (1, False)]]


def _predicted_and_left(answer, model, images):
    classes = answer(model, images)
    return {
        "classes": classes,
        "running mean after": model[1].running_mean.clone(),
        "train mode after": float(model.training),
    }


def _one_by_one(model, images):
    """The classes by the formulas of eval mode, layer by layer."""
    conv, norm, _, _, linear = model
    maps = nn.functional.conv2d(images, conv.weight, conv.bias)
    kept = norm.running_mean, norm.running_var, norm.weight, norm.bias
    maps = nn.functional.batch_norm(maps, *kept, training=False, eps=norm.eps)
    scores = maps.relu().flatten(1) @ linear.weight.T + linear.bias
    return scores.argmax(dim=1)


EXERCISES: dict[str, Written] = {
    "12.3": Written(
        hints=(
            "Momentum 0.1 is the weight of the new batch. How much of the old value stays?",
            "Nine tenths of the old value and a tenth of the batch's: batch.mean() for one, "
            "batch.var() for the other, which divides by N - 1.",
        ),
        solution=running,
        oracle=_torchs_running,
        cases=lambda: [
            (0.0, 1.0, torch.tensor([1.0, 3.0, 5.0, 7.0])),
            (10.0, 4.0, torch.tensor([-10.0, 2.0])),
            (-1.0, 0.5, torch.linspace(0, 3, 7)),
        ],
        mistakes=(
            (_biased, "the mean is right; which of the two variances does PyTorch keep?"),
            (_other_way, "it forgets too fast: the new batch gets a tenth, not nine."),
            (_deviation, "the mean is right; the other is to be a variance, without its root."),
            (_only_the_batch, "nothing of the old values is left; running means little by little."),
            (_added, "the values grow with every batch; something of the old must go."),
        ),
    ),
    "12.4": Written(
        hints=(
            "Over which dimensions of (N, C, H, W) are mean and variance taken, if each map has "
            "one? And which of the two variances goes where?",
            "In train mode: normalise by the batch's mean and biased variance over dimensions 0, "
            "2 and 3, and move running_mean and running_var towards its mean and unbiased "
            "variance. In eval mode: normalise by the running ones, and move nothing.",
        ),
        solution=BatchNorm,
        oracle=nn.BatchNorm2d,
        cases=_batches,
        use=_trained_and_used,
        mistakes=(
            (_BiasedEstimate, "train mode is right; the running variance comes out too small."),
            (_UnbiasedInside, "the outputs are a little too small: which variance divides them?"),
            (_MomentumTurned, "the running values jump about: momentum is the new batch's weight."),
            (_BatchInEval, "in eval mode it still looks at the batch it is given."),
            (_PerSample, "each image has statistics of its own; the batch should share them."),
            (_KeepsNothing, "train mode is right, but nothing is kept for eval mode."),
            (_WithoutScale, "the normalised maps are right; weight and bias are not used."),
        ),
        tolerance=1e-4,
    ),
    "12.5": Written(
        hints=(
            "Which layers of a network behave differently while it learns? Who tells them?",
            "model.eval() before the loop; and afterwards model.train(…), with what "
            "model.training was at the start.",
        ),
        solution=predicted,
        oracle=_one_by_one,
        cases=_networks,
        use=_predicted_and_left,
        mistakes=(
            (
                _without_eval,
                "the classes depend on which images share a batch, and predicting "
                "changes the model.",
            ),
            (
                _stays_in_eval,
                "the classes are right, but a training that goes on afterwards "
                "would no longer be one.",
            ),
            (
                _always_back_to_train,
                "the classes are right, but a model that came in eval mode leaves in train mode.",
            ),
            (_eval_after_the_first, "most classes are right; those of the first batch are not."),
        ),
    ),
}
