from collections import Counter

import numpy as np
import pandas as pd


def share_by_loops(matrix, group):
    cells = [(i, j) for i in range(len(matrix)) for j in range(len(matrix)) if i != j]
    inside = sum(matrix[i][j] for i, j in cells if i in group and j in group)
    return inside / sum(matrix[i][j] for i, j in cells)


def share_by_masks(matrix, group):
    member = np.isin(np.arange(len(matrix)), group)
    off = ~np.eye(len(matrix), dtype=bool)
    return matrix[np.outer(member, member) & off].sum() / matrix[off].sum()


def counted_by_bincount(labels, predicted, classes):
    cells = np.asarray(labels) * classes + np.asarray(predicted)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def counted_by_one_hot(labels, predicted, classes):
    one_hot = np.eye(classes)
    return one_hot[labels].T @ one_hot[predicted]


def counted_by_counter(labels, predicted, classes):
    pairs = Counter(zip(labels.tolist(), predicted.tolist(), strict=True))
    return [[pairs[i, j] for j in range(classes)] for i in range(classes)]


def recall_by_groups(labels, predicted, classes):
    return pd.Series(predicted == labels).groupby(labels).mean().to_numpy()


def recall_by_diagonal(labels, predicted, classes):
    table = counted_by_bincount(labels, predicted, classes)
    return table.diagonal() / table.sum(1)


def shares_by_none(matrix):
    sums = matrix.sum(axis=1)
    sums[sums == 0] = 1
    return matrix / sums[:, None]


def shares_by_transposing(matrix):
    with np.errstate(invalid="ignore"):
        return np.nan_to_num((matrix.T / matrix.sum(axis=1)).T)


def shares_row_by_row(matrix):
    return [row / (row.sum() or 1) for row in matrix]


OTHERS = {
    "20.2": [share_by_loops, share_by_masks],
    "20.4": [counted_by_bincount, counted_by_one_hot, counted_by_counter],
    "20.5": [recall_by_groups, recall_by_diagonal],
    "20.6": [shares_by_none, shares_by_transposing, shares_row_by_row],
}
