"""Settings of nbgrader's and nbclient's that sealed execution ignores, read in nbclient 0.11."""

from collections.abc import Mapping

from traitlets import HasTraits

# By trait of `Execute`, what holds instead.
IGNORED_TRAITS: Mapping[str, str] = {
    **dict.fromkeys(
        ("allow_errors", "allow_error_names", "force_raise_errors"), "no error of a cell ends the run"
    ),
    "interrupt_on_timeout": "a cell that runs too long is always interrupted",
    "error_on_timeout": "the engine has its own error, in the notebook's language",
    "timeout_func": "every cell has the same timeout",
    **dict.fromkeys(
        ("iopub_timeout", "raise_on_iopub_timeout", "shell_timeout_interval"), "the engine has its own client"
    ),
    "execute_retries": "a notebook runs once",
    "skip_cells_with_tag": "no tag of a submission counts",
    "record_timing": "no timing is recorded",
    "store_widget_state": "widgets are left out",
    "coalesce_streams": "output of the same stream is merged while nothing else comes between",
    "shutdown_kernel": "a kernel is ended at once",
    **dict.fromkeys(
        (
            "on_notebook_start",
            "on_notebook_complete",
            "on_notebook_error",
            "on_cell_start",
            "on_cell_execute",
            "on_cell_complete",
            "on_cell_error",
        ),
        "no hook is called",
    ),
}


def ignored_settings(configurable: HasTraits) -> dict[str, str]:
    """Return the ignored traits that are set to something else than their default, and what holds instead."""
    traits = configurable.traits()
    return {
        name: instead
        for name, instead in IGNORED_TRAITS.items()
        if name in traits and getattr(configurable, name) != traits[name].default(configurable)
    }
