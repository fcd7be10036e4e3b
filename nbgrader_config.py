"""The course as nbgrader sees it."""

import os
import sys
from pathlib import Path

import nbgrader_sealed

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # the hidden tests' own modules; the same for the kernels that nbgrader starts:
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # its `alembic`

c = get_config()  # noqa: F821  # pyright: ignore[reportUndefinedVariable] - traitlets defines it
nbgrader_sealed.configure(
    c,
    language="es",  # of the plain command; `./course release` writes all
    language_variable="POOLING_LANGUAGE",  # the report speaks as the notebook does
    seed_variable="POOLING_SEED",  # `./course grade` asks the whole class the same
    packages=["pooling_lab"],
    preload=[
        "numpy",
        "matplotlib.pyplot",
        "ipywidgets",
        "pooling_lab.charts",
        "pooling_lab.checking",
        "pooling_lab.explorer",
        "pooling_lab.photos",
        "pooling_lab.pictures",
    ],
    css_classes=["pooling-page", "pooling-still"],
    mark_schemes_in_answers=True,
)

c.CourseDirectory.course_id = "pooling"
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.release_directory = "release/es"
c.GenerateAssignment.force = True  # release/ is committed, and never edited by hand
c.GenerateFeedback.force = True  # points given by hand, or anew, reach the page without asking for it
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # TODO"}  # the same in every language
c.ClearSolutions.text_stub = "✎ ..."
c.Execute.timeout = 20
