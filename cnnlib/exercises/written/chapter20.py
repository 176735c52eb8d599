"""Exercises of chapter 20 that are answered by writing a function or a class."""

import numpy as np
import sklearn.metrics
from sklearn.preprocessing import normalize

from ..judging import Written

# Solutions and mistakes: written as a reader would write them ---------------------------------


def share_inside(matrix, group):
    """The share of all mistakes inside a group: matrix (C, C), a list of classes."""
    mistakes = matrix.copy()
    np.fill_diagonal(mistakes, 0)  # right answers are no mistakes
    # np.ix_ picks the cells whose row *and* column are in the group
    return mistakes[np.ix_(group, group)].sum() / mistakes.sum()


def _with_the_diagonal(matrix, group):
    return matrix[np.ix_(group, group)].sum() / matrix.sum()


def _diagonal_in_the_sum(matrix, group):
    mistakes = matrix - np.diag(np.diag(matrix))
    return mistakes[np.ix_(group, group)].sum() / matrix.sum()


def _whole_rows(matrix, group):
    mistakes = matrix - np.diag(np.diag(matrix))
    return mistakes[group].sum() / mistakes.sum()


def _only_pairs(matrix, group):
    mistakes = matrix - np.diag(np.diag(matrix))
    return mistakes[group, group[::-1]].sum() / mistakes.sum()


def _diagonal_painted_over(matrix, group):
    np.fill_diagonal(matrix, 0)
    return matrix[np.ix_(group, group)].sum() / matrix.sum()


def _image_by_image(matrix, group):
    """The images laid out one by one again: a label and a prediction for each."""
    labels, predicted = (
        np.repeat(places.ravel(), matrix.ravel()) for places in np.indices(matrix.shape)
    )
    wrong = labels != predicted
    inside = np.isin(labels, group) & np.isin(predicted, group)
    return sklearn.metrics.precision_score(inside[wrong], np.ones(wrong.sum()))


def _matrices() -> list[tuple]:
    three = np.array([[9, 2, 0], [1, 5, 3], [0, 4, 7]])
    four = np.array([[8, 0, 3, 1], [0, 9, 0, 0], [2, 1, 6, 1], [0, 2, 0, 7]])
    return [(three, [1, 2]), (four, [0, 2, 3]), (four, [0, 1, 2, 3]), (four, [3])]


def count_confusions(labels, predicted, classes):
    """Row: label, column: prediction. Two arrays (N,) → counts (classes, classes)."""
    table = np.zeros((classes, classes), dtype=int)
    for label, guess in zip(labels, predicted, strict=True):
        table[label, guess] += 1
    return table


def _transposed(labels, predicted, classes):
    return count_confusions(predicted, labels, classes)


def _once_per_cell(labels, predicted, classes):
    table = np.zeros((classes, classes), dtype=int)
    table[labels, predicted] += 1  # numpy adds once, however often a cell is named
    return table


def _only_seen(labels, predicted, classes):
    return sklearn.metrics.confusion_matrix(labels, predicted)


def _in_shares(labels, predicted, classes):
    return count_confusions(labels, predicted, classes) / len(labels)


def _mistakes_only(labels, predicted, classes):
    table = count_confusions(labels, predicted, classes)
    return table - np.diag(np.diag(table))


def _by_sklearn(labels, predicted, classes):
    return sklearn.metrics.confusion_matrix(labels, predicted, labels=range(classes))


def _predictions() -> list[tuple]:
    drawn = np.random.default_rng(20)
    many = [drawn.integers(0, 10, 200) for _ in range(2)]
    return [
        (np.array([0, 2, 2, 1, 2]), np.array([0, 2, 2, 2, 0]), 3),
        (np.array([1, 1, 0]), np.array([1, 0, 0]), 4),  # two classes that nobody has seen
        (np.array([1]), np.array([0]), 2),
        (*many, 10),
    ]


def rows_as_shares(matrix):
    """Each row of counts divided by its sum: (C, C) → (C, C). An empty row stays 0."""
    sums = matrix.sum(axis=1, keepdims=True)  # (C, 1): one sum beside each row
    # a class without images has the sum 0: dividing its zeros by 1 leaves them 0
    return matrix / np.maximum(sums, 1)


def _no_keepdims(matrix):
    return matrix / np.maximum(matrix.sum(axis=1), 1)


def _columns(matrix):
    return matrix / np.maximum(matrix.sum(axis=0, keepdims=True), 1)


def _of_everything(matrix):
    return matrix / matrix.sum()


def _nan_rows(matrix):
    with np.errstate(invalid="ignore"):
        return matrix / matrix.sum(axis=1, keepdims=True)


def _rounded_down(matrix):
    return matrix // np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def _in_percent(matrix):
    return 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def _counts() -> list[tuple]:
    return [
        (np.array([[80, 20], [40, 60]]),),
        (np.array([[9, 2, 0], [1, 5, 3], [0, 4, 17]]),),
        (np.array([[3, 1, 0], [0, 0, 0], [0, 2, 2]]),),  # no image of class 1
        (np.array([[5]]),),
    ]


def recall_by_class(labels, predicted, classes):
    """Of each class's images, the share recognised: (N,), (N,) → (classes,)."""
    recalls = []
    for k in range(classes):
        of_class = labels == k
        # among these images alone, how often is the answer k?
        recalls.append((predicted[of_class] == k).mean())
    return np.array(recalls)


def _precision(labels, predicted, classes):
    return recall_by_class(predicted, labels, classes)


def _of_all_images(labels, predicted, classes):
    return np.array([((labels == k) & (predicted == k)).mean() for k in range(classes)])


def _agreement(labels, predicted, classes):
    return np.array([((labels == k) == (predicted == k)).mean() for k in range(classes)])


def _hits(labels, predicted, classes):
    return np.array([((labels == k) & (predicted == k)).sum() for k in range(classes)])


def _misses(labels, predicted, classes):
    return 1 - recall_by_class(labels, predicted, classes)


def _recall_by_sklearn(labels, predicted, classes):
    return sklearn.metrics.recall_score(labels, predicted, labels=range(classes), average=None)


def _every_class() -> list[tuple]:
    drawn = np.random.default_rng(21)
    labels = np.concatenate([np.arange(10), drawn.integers(0, 10, 150)])
    guesses = np.where(drawn.random(160) < 0.7, labels, drawn.permutation(labels))
    return [
        (np.array([0, 0, 1, 2, 2, 2, 1]), np.array([0, 1, 1, 2, 0, 1, 1]), 3),
        (np.array([1, 0, 0, 0, 0]), np.array([1, 1, 0, 1, 1]), 2),
        (labels, guesses, 10),
    ]


EXERCISES: dict[str, Written] = {
    "20.2": Written(
        hints=(
            "Set the diagonal of a copy to 0, then divide two sums.",
            "mistakes[np.ix_(group, group)] picks the cells whose row and column are both in the "
            "group; divide their sum by that of all mistakes.",
        ),
        solution=share_inside,
        oracle=_image_by_image,
        cases=_matrices,
        mistakes=(
            (_with_the_diagonal, "the diagonal holds no mistakes; leave it out of both sums."),
            (
                _diagonal_in_the_sum,
                "of all *mistakes*: right answers are still below the line.",
            ),
            (_whole_rows, "a mistake is inside only if label *and* prediction are in the group."),
            (_only_pairs, "that picks one cell for each row; all cells of the group count."),
            (_diagonal_painted_over, "the matrix that was given has lost its diagonal."),
        ),
    ),
    "20.4": Written(
        hints=(
            "Begin with zeros of (classes, classes), and go through both lists together.",
            "For each image add 1 in the row of its label, in the column of its prediction.",
        ),
        solution=count_confusions,
        oracle=_by_sklearn,
        cases=_predictions,
        mistakes=(
            (_transposed, "rows and columns are exchanged: the label chooses the row."),
            (
                _once_per_cell,
                "every cell holds at most 1: numpy adds once per cell that is named "
                "in an index, however often it is.",
            ),
            (_only_seen, "a class that does not occur still has a row and a column, of zeros."),
            (_in_shares, "those are shares of all images; counts are asked for."),
            (_mistakes_only, "the diagonal is empty; right answers are counted as well."),
        ),
    ),
    "20.5": Written(
        hints=(
            "labels == k is a mask: it picks the images of class k from `predicted`.",
            "Of these images, the mean of (predicted == k) is the share that was recognised.",
        ),
        solution=recall_by_class,
        oracle=_recall_by_sklearn,
        cases=_every_class,
        mistakes=(
            (_precision, "that is the precision: of the images *called* k. Choose by label."),
            (_of_all_images, "divide by the images of that class, not by all images."),
            (_agreement, "that counts the images of other classes, left alone, as right too."),
            (_hits, "those are counts; which share of the class is it?"),
            (_misses, "that is the share that was *not* recognised."),
        ),
    ),
    "20.6": Written(
        hints=(
            "matrix.sum(axis=1) has the shape (C,). How does numpy divide (C, C) by (C,)?",
            "Keep the sums as a column, with keepdims=True, and divide by 1 where a sum is 0.",
        ),
        solution=rows_as_shares,
        oracle=lambda matrix: normalize(matrix.astype(float), norm="l1"),
        cases=_counts,
        mistakes=(
            (_no_keepdims, "each *column* is divided by a row's sum. What shape have the sums?"),
            (_columns, "the columns add up to 1; the rows should."),
            (_of_everything, "the whole matrix adds up to 1; each row should."),
            (_nan_rows, "a class without images divides 0 by 0; its row should stay 0."),
            (_rounded_down, "// throws the fraction away."),
            (_in_percent, "those are percentages; a share lies between 0 and 1."),
        ),
    ),
}
