"""Exercises of chapter 21 that are answered by writing a function or a class."""

import numpy as np
import torch
from scipy import optimize, stats
from sklearn.neighbors import NearestCentroid, NearestNeighbors
from torch import nn

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def share_kept(high, low):
    """The share of the neighbours in the list high that are in the list low as well."""
    # a set knows what is in it, and no order
    in_both = set(high) & set(low)
    return len(in_both) / len(high)


def _same_place(high, low):
    return sum(a == b for a, b in zip(high, low, strict=True)) / len(high)


def _of_both_lists(high, low):
    return len(set(high) & set(low)) / len(set(high) | set(low))


def _how_many(high, low):
    return len(set(high) & set(low))


def _replaced(high, low):
    return 1 - len(set(high) & set(low)) / len(high)


def _neighbour_lists() -> list[tuple]:
    return [
        ([3, 8, 11, 20], [8, 20, 5, 9]),
        ([1, 2, 3], [3, 1, 2]),
        ([4, 5], [6, 7]),
        ([1, 2, 3, 4, 5], [9, 8, 7, 6, 5]),
    ]


def nearest_class(vectors, labels, one):
    """The class with its mean nearest to that of class one: (N, D), labels (N,)."""
    means = {int(k): vectors[labels == k].mean(axis=0) for k in labels.unique()}
    # a class is at distance 0 from itself: leave it out
    others = [k for k in means if k != one]
    return min(others, key=lambda k: np.linalg.norm(means[k] - means[one]))


def _distances_of_means(vectors, labels, one):
    classes = labels.unique()
    means = torch.stack([torch.from_numpy(vectors)[labels == k].mean(dim=0) for k in classes])
    return classes, (means - means[classes == one]).norm(dim=1)


def _itself(vectors, labels, one):
    return one


def _farthest(vectors, labels, one):
    classes, distances = _distances_of_means(vectors, labels, one)
    return int(classes[distances.argmax()])


def _first_image_that_is_near(vectors, labels, one):
    middle = vectors[labels == one].mean(axis=0)
    outside = labels != one
    distances = np.linalg.norm(vectors[outside] - middle, axis=1)
    return int(labels[outside][int(distances.argmin())])


def _place_in_the_rest(vectors, labels, one):
    classes, distances = _distances_of_means(vectors, labels, one)
    return int(distances[classes != one].argmin())


def _by_one_number(vectors, labels, one):
    return nearest_class(vectors.mean(axis=1, keepdims=True), labels, one)


def _by_centroids(vectors, labels, one):
    own, rest = (vectors[chosen] for chosen in (labels == one, labels != one))
    centroids = NearestCentroid().fit(rest, labels[labels != one].numpy())
    return int(centroids.predict(own.mean(axis=0, keepdims=True))[0])


def _labelled_vectors() -> list[tuple]:
    drawn = np.random.default_rng(23)
    cases = []
    for classes, dimensions, one in ((3, 2, 0), (5, 7, 3), (10, 84, 8), (10, 84, 1)):
        labels = torch.arange(classes).repeat(12)
        middles = drawn.normal(size=(classes, dimensions)) * 2
        noise = drawn.normal(size=(len(labels), dimensions)) * 3
        cases.append(((middles[labels] + noise).astype(np.float32), labels, one))
    return cases


def perplexity_of(shares):
    """How many neighbours count: e to the entropy of shares (N,) that add up to 1."""
    # 0 · ln 0 counts as 0: who has no share adds nothing
    some = shares[shares > 0]
    entropy = -(some * some.log()).sum()
    return entropy.exp()


def _with_zeros(shares):
    return (-(shares * shares.log()).sum()).exp()


def _entropy(shares):
    return torch.distributions.Categorical(shares).entropy()


def _sign_lost(shares):
    return 1 / torch.distributions.Categorical(shares).perplexity()


def _mixed_bases(shares):
    some = shares[shares > 0]
    return (-(some * some.log2()).sum()).exp()


def _counted(shares):
    return (shares > 0).sum()


def _mean_log(shares):
    some = shares[shares > 0]
    return (-some.log().mean()).exp()


def _shares() -> list[tuple]:
    lists = ([0.5, 0.25, 0.25], [0.25] * 4, [1.0], [0.7, 0.0, 0.2, 0.1], [0.9] + [0.001] * 100)
    return [(torch.tensor(one, dtype=torch.float64),) for one in lists]


def sigma_for(distances, perplexity):
    """The σ that gives the shares of others at distances (N,) this perplexity."""
    low, high = 1e-3, 1e3
    for _ in range(60):  # halve what is left: 60 times are enough for any digit
        sigma = (low * high) ** 0.5  # the middle on a log scale, for a range this wide
        shares = torch.softmax(-(distances**2) / (2 * sigma**2), dim=0)
        some = shares[shares > 0]
        found = (-(some * some.log()).sum()).exp()
        if found < perplexity:
            low = sigma  # too few count: look wider
        else:
            high = sigma
    return sigma


def _bisected(distances, perplexity, weights, *, entropy=False, rounds=60, turned=False):
    low, high = 1e-3, 1e3
    for _ in range(rounds):
        sigma = (low * high) ** 0.5
        nats = torch.special.entr(torch.softmax(weights(distances, sigma), dim=0)).sum()
        found = nats if entropy else nats.exp()
        low, high = (sigma, high) if (found < perplexity) != turned else (low, sigma)
    return sigma


def _gaussian(distances, sigma):
    return -(distances**2) / (2 * sigma**2)


def _without_the_2(distances, perplexity):
    return _bisected(distances, perplexity, lambda d, sigma: -(d**2) / sigma**2)


def _not_squared(distances, perplexity):
    return _bisected(distances, perplexity, lambda d, sigma: -d / (2 * sigma**2))


def _variance(distances, perplexity):
    return _bisected(distances, perplexity, _gaussian) ** 2


def _wrong_way(distances, perplexity):
    return _bisected(distances, perplexity, _gaussian, turned=True)


def _too_early(distances, perplexity):
    return _bisected(distances, perplexity, _gaussian, rounds=10)


def _to_the_entropy(distances, perplexity):
    return _bisected(distances, perplexity, _gaussian, entropy=True)


def _by_brent(distances, perplexity):
    distances = distances.numpy()

    def too_many(log_sigma):
        exponents = -(distances**2) / (2 * np.exp(2 * log_sigma))
        weights = np.exp(exponents - exponents.max())
        return stats.entropy(weights) - np.log(perplexity)  # scipy divides by the sum

    return float(np.exp(optimize.brentq(too_many, np.log(1e-3), np.log(1e3), xtol=1e-10)))


def _distances() -> list[tuple]:
    drawn = torch.Generator().manual_seed(21)
    many = torch.rand(200, generator=drawn, dtype=torch.float64)
    return [
        (torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64), 2.0),
        (3 + 10 * many, 30.0),
        (0.05 * many + 0.01, 5.0),
        (torch.tensor([4.0, 5.0, 6.0, 7.0, 20.0], dtype=torch.float64), 1.5),
    ]


def last_hidden(model, images, batch_size=64):
    """What all layers but the last make of images: (N, …) → (N, units), no graph."""
    body, parts = model[:-1], []
    # as in use, not in training: nothing is dropped, no batch sets its own scale
    model.eval()
    with torch.no_grad():
        for batch in images.split(batch_size):
            parts.append(body(batch))
    return torch.cat(parts)


def _buggy_last_hidden(model, images, batch_size=64):
    """What all layers but the last make of images: (N, …) → (N, units), no graph."""
    body, parts = model[:-1], []
    with torch.no_grad():
        for batch in images.split(batch_size):
            parts.append(body(batch))
    return torch.cat(parts)


def _one_batch(model, images, batch_size=64):
    with torch.no_grad():
        return model[:-1](images)


def _to_the_end(model, images, batch_size=64):
    with torch.no_grad():
        return model.eval()(images)


def _last_batch(model, images, batch_size=64):
    with torch.no_grad():
        return model.eval()[:-1](images.split(batch_size)[-1])


def _keeps_the_graph(model, images, batch_size=64):
    return model.eval()[:-1](images)


def _dropout_alone(model, images, batch_size=64):
    for layer in model:
        if isinstance(layer, nn.Dropout):
            layer.eval()
    return _buggy_last_hidden(model, images, batch_size)


def _by_formula(model, images, batch_size=64):
    """Layer by layer as its documentation says, in eval mode: dropout does nothing."""
    x = images.numpy()
    for layer in list(model)[:-1]:
        if isinstance(layer, nn.Linear):
            x = x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
        elif isinstance(layer, nn.BatchNorm1d):
            mean, var = (getattr(layer, f"running_{what}").numpy() for what in ("mean", "var"))
            x = (x - mean) / np.sqrt(var + layer.eps)
            x = x * layer.weight.detach().numpy() + layer.bias.detach().numpy()
        elif isinstance(layer, nn.ReLU):
            x = np.maximum(x, 0)
    return torch.from_numpy(x)


def _use_in_train_mode(answer, model, images, batch_size):
    hidden = answer(model.train(), images, batch_size)
    graph = torch.is_tensor(hidden) and hidden.requires_grad
    return {"the numbers": hidden, "carries a graph": graph}


def _networks() -> list[tuple]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(22)
        normed = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
        dropped = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
        normed(torch.randn(40, 5) * 2 + 1)  # running statistics that are no longer 0 and 1
        images = torch.randn(11, 5)
    return [(normed, images, 4), (dropped, images, 4), (normed, images, 64)]


def nearest_others(vectors, k):
    """Positions of each vector's k nearest others, nearest first: (N, D) → (N, k)."""
    distances = torch.cdist(vectors, vectors)
    # nobody is a neighbour of itself
    distances.fill_diagonal_(float("inf"))
    return distances.argsort(dim=1)[:, :k]


def _with_itself(vectors, k):
    return torch.cdist(vectors, vectors).argsort(dim=1)[:, :k]


def _farthest_first(vectors, k):
    return torch.cdist(vectors, vectors).argsort(dim=1, descending=True)[:, :k]


def _largest_of_the_nearest_first(vectors, k):
    return nearest_others(vectors, k).flip(dims=(1,))


def _distances_themselves(vectors, k):
    return torch.cdist(vectors, vectors).sort(dim=1).values[:, 1 : k + 1]


def _by_angle(vectors, k):
    scores = vectors @ vectors.T
    return scores.fill_diagonal_(-float("inf")).argsort(dim=1, descending=True)[:, :k]


def _down_the_columns(vectors, k):
    distances = torch.cdist(vectors, vectors).fill_diagonal_(float("inf"))
    return distances.argsort(dim=0)[:, :k]


def _by_scikit_learn(vectors, k):
    found = NearestNeighbors(n_neighbors=k).fit(vectors.numpy())
    return found.kneighbors(return_distance=False)


def _vectors() -> list[tuple]:
    drawn = torch.Generator().manual_seed(24)
    sizes = ((5, 2, 1), (30, 84, 10), (12, 3, 11))
    return [(torch.randn(n, d, generator=drawn) + 1, k) for n, d, k in sizes]


EXERCISES: dict[str, Written] = {
    "21.2": Written(
        hints=(
            "The order does not count: turn both lists into sets.",
            "set(high) & set(low) holds those in both; divide their number by that of high.",
        ),
        solution=share_kept,
        oracle=lambda high, low: np.isin(high, low).mean(),
        cases=_neighbour_lists,
        mistakes=(
            (_same_place, "it does not matter at which place of the list a neighbour stands."),
            (_of_both_lists, "divide by the neighbours in `high`, not by all in either list."),
            (_how_many, "that is how many; which share of them is it?"),
            (_replaced, "that is the share that was *replaced*."),
        ),
    ),
    "21.3": Written(
        hints=(
            "vectors[labels == k].mean(axis=0) is the mean of class k: one vector.",
            "Measure with np.linalg.norm from the mean of class `one` to each other mean, and "
            "take the class of the smallest distance.",
        ),
        solution=nearest_class,
        oracle=_by_centroids,
        cases=_labelled_vectors,
        mistakes=(
            (_itself, "each class is nearest to itself; leave it out."),
            (_farthest, "that is the class that is farthest away."),
            (
                _first_image_that_is_near,
                "that is the class of the nearest single *image*; compare "
                "the means of the classes.",
            ),
            (_place_in_the_rest, "with one class left out, the places in the list have moved."),
            (_by_one_number, "the mean of a class is a vector: average over its images alone."),
        ),
    ),
    "21.4": Written(
        hints=(
            "The entropy is the sum of -p · ln p; which p make trouble for the logarithm?",
            "Leave out shares of 0, add up -p · ln p over the others, and take e to that power.",
        ),
        solution=perplexity_of,
        oracle=lambda shares: np.exp(stats.entropy(shares.numpy())),
        cases=_shares,
        mistakes=(
            (_with_zeros, "a share of 0 makes it NaN; such a share adds nothing to the entropy."),
            (_entropy, "that is the entropy; the perplexity is e to the power of it."),
            (_sign_lost, "four equal shares give 1/4; has the entropy lost its minus sign?"),
            (_mixed_bases, "an entropy in bits (log2) needs 2 to its power, not e."),
            (_counted, "that counts them all alike; unequal shares have a lower perplexity."),
            (_mean_log, "each -ln p has to be weighed by its own p."),
        ),
    ),
    "21.5": Written(
        hints=(
            "A larger σ spreads the attention, so the perplexity rises with σ: halve a range.",
            "From 0.001 to 1000: take the middle, compute softmax(-d² / 2σ²) and its perplexity, "
            "and keep the upper half when it is too low, else the lower half; 60 times.",
        ),
        solution=sigma_for,
        oracle=_by_brent,
        cases=_distances,
        mistakes=(
            (_without_the_2, "it is off by a factor √2: the exponent is -d² / 2σ²."),
            (_not_squared, "the exponent needs the square of the distance."),
            (_variance, "that is σ squared; σ itself is asked for."),
            (_wrong_way, "it runs to an end of the range: which half has the larger perplexity?"),
            (_too_early, "the right way, but it stops too early: halve more often."),
            (_to_the_entropy, "the *entropy* of your shares is what was asked of the perplexity."),
        ),
        tolerance=1e-4,
    ),
    "21.6": Written(
        hints=(
            "Which layers do something else in training than in use, and who tells them?",
            "model.train() and model.eval() set the mode of all layers. Which of the two should "
            "hold here, and from where on?",
        ),
        solution=last_hidden,
        oracle=_by_formula,
        cases=_networks,
        use=_use_in_train_mode,
        mistakes=(
            (
                _buggy_last_hidden,
                "run twice, a model with dropout gives two answers; with batch "
                "norm an image's numbers depend on who shares its batch.",
            ),
            (_one_batch, "all images in one batch is no cure: they still depend on one another."),
            (_to_the_end, "the last layer is not to be applied."),
            (_last_batch, "only the last batch is returned."),
            (_keeps_the_graph, "the numbers are right now, but they carry their graph."),
            (_dropout_alone, "dropout is quiet now; batch norm still goes by the batch."),
        ),
    ),
    "21.7": Written(
        hints=(
            "torch.cdist(vectors, vectors) holds the distances of all pairs, (N, N).",
            "Put infinity on the diagonal, argsort each row, and keep the first k columns.",
        ),
        solution=nearest_others,
        oracle=_by_scikit_learn,
        cases=_vectors,
        mistakes=(
            (_with_itself, "each vector is its own nearest neighbour here; leave it out."),
            (_farthest_first, "those are the farthest ones."),
            (_largest_of_the_nearest_first, "the right ones, but the nearest should come first."),
            (_distances_themselves, "those are distances; the positions are asked for."),
            (_by_angle, "a large product is no small distance: a long vector gains by its length."),
            (_down_the_columns, "sort each row, (N, N) along dim=1."),
        ),
    ),
}
