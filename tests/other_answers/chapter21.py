import math

import numpy as np
import torch
from scipy.special import softmax
from scipy.stats import entropy


def kept_by_counting(high, low):
    return sum(one in low for one in high) / len(high)


def kept_by_numpy(high, low):
    return np.intersect1d(high, low).size / np.size(high)


def nearest_by_torch(vectors, labels, one):
    vectors, classes = torch.as_tensor(vectors), labels.unique()
    means = torch.stack([vectors[labels == k].mean(dim=0) for k in classes])
    distances = torch.cdist(means[classes == one], means)[0]
    distances[classes == one] = torch.inf
    return classes[distances.argmin()]


def nearest_by_sorting(vectors, labels, one):
    labels = labels.numpy()
    middle = vectors[labels == one].mean(0)
    gaps = []
    for k in set(labels.tolist()) - {one}:
        gaps.append((((vectors[labels == k].mean(0) - middle) ** 2).sum(), k))
    return sorted(gaps)[0][1]


def perplexity_by_products(shares):
    return math.prod(p**-p for p in shares.tolist() if p > 0)


def perplexity_in_bits(shares):
    return 2 ** entropy(shares.numpy(), base=2)


def perplexity_by_torch(shares):
    return torch.distributions.Categorical(shares).perplexity()


def sigma_by_doubling(distances, perplexity):
    d = distances.numpy()

    def counts(sigma):
        return np.exp(entropy(softmax(-((d / sigma) ** 2) / 2)))

    high = 1e-4
    while counts(high) < perplexity:
        high *= 2
    low = high / 2
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if counts(middle) < perplexity else (low, middle)
    return high


def sigma_by_precision(distances, perplexity):
    # in beta = 1 / 2σ², as van der Maaten's own program does
    low, high = 0.0, None
    beta, squared = 1.0, distances.double() ** 2
    for _ in range(200):
        entropy = torch.distributions.Categorical(logits=-squared * beta).entropy()
        if entropy > math.log(perplexity):
            low, beta = beta, 2 * beta if high is None else (beta + high) / 2
        else:
            high, beta = beta, (low + beta) / 2
    return torch.tensor(1 / (2 * beta)).sqrt()


@torch.no_grad()
def hidden_in_one_go(model, images, batch_size=64):
    model.train(mode=False)
    for layer in list(model.children())[:-1]:
        images = layer(images)
    return images


def hidden_by_hook(model, images, batch_size=64):
    found, was_training = [], model.training
    handle = model[-1].register_forward_pre_hook(lambda m, given: found.append(given[0].detach()))
    model.eval()
    for start in range(0, len(images), batch_size):
        model(images[start : start + batch_size])
    handle.remove()
    model.train(was_training)
    return torch.vstack(found)


def nearest_by_topk(vectors, k):
    squares = (vectors[:, None] - vectors[None]).pow(2).sum(dim=-1)
    return squares.topk(k + 1, largest=False).indices[:, 1:]


def nearest_one_by_one(vectors, k):
    rows = []
    for i, one in enumerate(vectors.numpy()):
        gaps = [(float(np.linalg.norm(one - other)), j) for j, other in enumerate(vectors.numpy())]
        rows.append([j for _, j in sorted(gaps) if j != i][:k])
    return rows


OTHERS = {
    "21.2": [kept_by_counting, kept_by_numpy],
    "21.3": [nearest_by_torch, nearest_by_sorting],
    "21.4": [perplexity_by_products, perplexity_in_bits, perplexity_by_torch],
    "21.5": [sigma_by_doubling, sigma_by_precision],
    "21.6": [hidden_in_one_go, hidden_by_hook],
    "21.7": [nearest_by_topk, nearest_one_by_one],
}
