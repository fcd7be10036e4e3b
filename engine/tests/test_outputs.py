"""What a notebook shows has an end, and hides nothing."""

from nbgrader_sealed.execution.outputs import OutputBudget, Outputs


def show(outputs, times, **data):
    for _ in range(times):
        outputs.take("display_data", {"data": data, "transient": {"display_id": "one"}})


def test_outputs_that_hold_nothing_are_counted_for_the_whole_notebook():
    budget = OutputBudget()
    shown = 0
    for _ in range(300):
        outputs = Outputs(budget, "cut")
        show(outputs, 600, **{"text/plain": ""})
        shown += len(outputs.shown)
    assert shown == OutputBudget().count


def test_an_error_is_shown_once_more_than_the_budget_has():
    outputs = Outputs(OutputBudget(count=3), "cut")
    show(outputs, 9, **{"text/plain": ""})
    for _ in range(5):
        outputs.take("error", {"ename": "ValueError", "evalue": "", "traceback": []})
    assert [output.output_type for output in outputs.shown] == ["display_data"] * 3 + ["error"]


def test_what_is_changed_in_many_places_counts_in_each():
    outputs = Outputs(OutputBudget(), "cut", rich=5_000)
    show(outputs, 100, **{"text/plain": ""})
    outputs.take(
        "update_display_data", {"data": {"text/html": "x" * 1_000}, "transient": {"display_id": "one"}}
    )
    assert sum(len(output.data.get("text/html", "")) for output in outputs.shown) == 5_000
