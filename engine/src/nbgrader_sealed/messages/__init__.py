"""What the grading engine itself says to students, in each language of a course."""

from typing import Any

SENTENCES: dict[str, dict[str, str]] = {
    "en": {
        "hidden": "Hidden tests ran here",
        "hidden-more": "They ran apart from this notebook, with the functions that it defines.",
        "failed": "a hidden test failed",
        "timeout": "The code ran longer than {seconds:g} seconds and was stopped.",
        "dead": "The code ended its own Python process or used too much memory, and was stopped.",
        "no-time": "The notebook used up all the time it has; this cell was not run.",
        "no-kernel": "The notebook ended its Python process too often; this cell was not run.",
        "cut": "... the rest of the output was left out",
        "cut-source": "... the rest was left out",
        "added": "This cell was missing from the submission and was added back.",
        "unreadable": "The submitted file could not be read as a notebook ({reason}). To hand it in again: "
        "open it in JupyterLab, see that it is all there, save it, and upload it.",
        "points": "{points} of {most} points",
        "pending": "not graded yet; points possible: {most}",
        "so-far": "{points} of {most} points so far",
        "late": "{points} points",
        "Test cell": "Test cell",
        "Grade cell": "Test",
        "Student's answer": "Your answer",
        "Written response": "Written answer",
        "Coding free-response": "Answer in code",
        "Comment": "Comment",
        "Comments": "Comments",
        "No response.": "No answer.",
        "Late submission penalty": "Handed in late",
        "Top": "Top",
    },
    "es": {
        "hidden": "Aquí corrieron pruebas ocultas",
        "hidden-more": "Corrieron aparte de este cuaderno, con las funciones que define.",
        "failed": "falló una prueba oculta",
        "timeout": "El código tardó más de {seconds:g} segundos y se detuvo.",
        "dead": "El código terminó su propio proceso de Python o usó demasiada memoria, y se detuvo.",
        "no-time": "El cuaderno agotó todo su tiempo; esta celda no se ejecutó.",
        "no-kernel": "El cuaderno terminó su proceso de Python demasiadas veces; esta celda no se ejecutó.",
        "cut": "... se omitió el resto de la salida",
        "cut-source": "... se omitió el resto",
        "added": "Esta celda faltaba en la entrega y se volvió a agregar.",
        "unreadable": "No se pudo leer el archivo entregado como cuaderno ({reason}). Para entregarlo de "
        "nuevo: ábrelo en JupyterLab, revisa que esté completo, guárdalo y súbelo.",
        "points": "{points} de {most} puntos",
        "pending": "aún sin calificar; puntos posibles: {most}",
        "so-far": "{points} de {most} puntos hasta ahora",
        "late": "{points} puntos",
        "Test cell": "Prueba",
        "Grade cell": "Prueba",
        "Student's answer": "Tu respuesta",
        "Written response": "Respuesta escrita",
        "Coding free-response": "Respuesta en código",
        "Comment": "Comentario",
        "Comments": "Comentarios",
        "No response.": "Sin respuesta.",
        "Late submission penalty": "Entrega tardía",
        "Top": "Arriba",
    },
}


def sentence(language: Any, key: str, **values: Any) -> str:
    """Return a sentence in a language, in English where the language is not known."""
    table = SENTENCES.get(language if isinstance(language, str) else "en", SENTENCES["en"])
    return table[key].format(**values)
