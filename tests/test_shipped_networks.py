"""Networks of students' own, as they are shipped: data, not code."""

import pytest

from cnnlib.runs import stored_runs


def test_shipped_networks_give_their_stored_figures_by_their_data_alone():
    shipped = [one for one in stored_runs() if one.experiment.model and one.seed == 0]
    assert {one.name for one in shipped} == {"residual", "no-shortcut"}  # chapter 25's
    for one in shipped:
        labels, logits = one.predict("val")
        acc = (logits.argmax(dim=1) == labels).double().mean().item()
        assert acc == pytest.approx(one.metrics["val_acc"], abs=3e-4)
