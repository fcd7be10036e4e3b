"""The agent inside the student's kernel: it runs cells, looks up names, calls functions, returns results.

A sandboxed kernel inherits it from its fork server. Any other kernel receives it as source, after the text of
`wire.py` (whose names it uses), before the first of the student's cells runs. It holds no secret and decides
nothing: a student who rewrites it can only send other data.
"""

import linecache
import sys
from typing import Any

from nbgrader_sealed.private.ipython import failed_to_show, without_input
from nbgrader_sealed.protocol.wire import MAX_BYTES, Decoder, Encoder, WireError  # when sent, the text itself

TARGET = "sealed-grading"
REQUEST, ANSWER = "sealed_request", "sealed_answer"  # types of message on the channel for input
RAN = "sealed_ran"  # of the one that follows all that a cell shows, on the channel for output
MAX_TEXT = 2000
MAX_HANDLES = 10_000


class Agent:
    """The side of the kernel, which answers requests about its objects.

    Parameters
    ----------
    shell : InteractiveShell
        The kernel's shell, whose names can be asked for.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.objects: dict[int, Any] = {}
        self.ended: tuple[str | None, dict[str, Any]] = None, {}

    def open(self, comm: Any, message: dict[str, Any]) -> None:
        """Answer requests until the grading process ends it."""
        kernel = self.shell.kernel
        while True:
            try:
                sender, request = kernel.session.recv(kernel.stdin_socket, mode=0)
            except KeyboardInterrupt:  # came too late for what it should have stopped
                continue
            data = request["content"]
            kernel.set_parent(sender, request)  # of all that is shown on the way
            if data["do"] == "run":
                reply, _ = self.answer(data, [])
                self.ended = request["header"]["msg_id"], reply
                kernel.session.send(kernel.iopub_socket, RAN, reply, request)
            elif data["do"] != "end":
                reply, buffers = self.answer(data, request["buffers"])
                kernel.session.send(kernel.stdin_socket, ANSWER, reply, request, sender, buffers)
            elif data["nonce"] == message["header"]["msg_id"]:
                return

    def answer(self, data: dict[str, Any], received: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Return the answer to one request, whatever happens, and its buffers."""
        reply: dict[str, Any] = {"nonce": data.get("nonce")}
        buffers: list[bytes] = []
        try:
            encoder = Encoder(self.handle)
            reply["ok"] = getattr(self, "do_" + data["do"])(data, received, encoder)
            buffers = encoder.buffers
        except WireError as error:
            reply["wire"] = str(error)
        except BaseException as error:  # SystemExit and KeyboardInterrupt of the student's too
            reply["error"] = describe(error)
        return reply, buffers

    def do_run(self, data: dict[str, Any], buffers: list[Any], encoder: Encoder) -> str:
        """Run a cell as the kernel itself does, and return how it ended: `ok` or `error`."""
        awaits = self.shell.autoawait
        self.shell.autoawait = False  # no cell with "await" comes here: IPython need not compile it to see
        try:
            with without_input(self.shell.kernel):
                result = self.shell.run_cell(data["code"], store_history=True)
        finally:
            self.shell.autoawait = awaits
            sys.stdout.flush()
            sys.stderr.flush()
        return "ok" if result.success and not failed_to_show(self.shell) else "error"

    def do_ended(self, data: dict[str, Any], buffers: list[Any], encoder: Encoder) -> str | None:
        """Return again how the last cell ended: the first report is lost if a cell shows very much."""
        request, reply = self.ended
        return reply.get("ok") if request == data["of"] else "error"

    def do_names(self, data: dict[str, Any], buffers: list[Any], encoder: Encoder) -> dict[str, Any]:
        """Return those of the names asked for that the student's notebook has."""
        found: dict[str, Any] = {}
        for name in data["names"]:
            if name in self.shell.user_ns:
                try:
                    found[name] = encoder.encode(self.shell.user_ns[name])
                except WireError:
                    found[name] = self.handle(self.shell.user_ns[name])
        return found

    def do_attribute(self, data: dict[str, Any], buffers: list[Any], encoder: Encoder) -> Any:
        """Return one attribute of an object."""
        return encoder.encode(getattr(self.objects[data["id"]], data["name"]))

    def do_call(self, data: dict[str, Any], buffers: list[Any], encoder: Encoder) -> dict[str, Any]:
        """Call an object, and return its result and what it changed of its arguments."""
        decoder = Decoder([bytes(buffer) for buffer in buffers], self.resolve, trusted=True)
        args = decoder.decode(data["args"])
        kwargs = {name: decoder.decode(item) for name, item in data["kwargs"].items()}
        before = {i: array.tobytes() for i, array in decoder.arrays.items() if array.flags.writeable}
        places = [*enumerate(args), *kwargs.items()]
        contents = {place: snapshot(value) for place, value in places if is_container(value)}
        result = encoder.encode(self.objects[data["id"]](*args, **kwargs))
        changed = [
            [i, encoder.encode(decoder.arrays[i])]
            for i, was in before.items()
            if decoder.arrays[i].tobytes() != was
        ]
        values = dict(places)
        refilled = [
            [place, encoder.encode(values[place])]
            for place, was in contents.items()
            if snapshot(values[place]) != was
        ]
        return {"result": result, "changed": changed, "refilled": refilled}

    def do_calls(self, data: dict[str, Any], buffers: list[Any], encoder: Encoder) -> list[dict[str, Any]]:
        """Make one call after the other, and return their answers, those after a KeyboardInterrupt left out.

        The interrupt may be the grading process's; if it was the student's own, that process asks again.
        """
        answers: list[dict[str, Any]] = []
        too_large: dict[str, Any] = {"wire": "the results are too large"}
        for call in data["calls"]:
            given, buffers = buffers[: call["buffers"]], buffers[call["buffers"] :]
            answer, found = self.answer(call, given)
            if encoder.bytes + sum(map(len, found)) > MAX_BYTES:
                answer, found = too_large, []
            for buffer in found:
                encoder.add(buffer)
            answers.append({**answer, "buffers": len(found)})
            if "KeyboardInterrupt" in answer.get("error", {}).get("types", ()):
                break
        return answers

    def handle(self, value: object) -> dict[str, Any]:
        """Return what stands for an object that is not data, and remember the object."""
        number = id(value)
        if len(self.objects) < MAX_HANDLES:
            self.objects[number] = value
        kind = type(value)
        return {"t": "object", "id": number, "type": text(kind.__name__), "text": text_of(value)}

    def resolve(self, data: dict[str, Any]) -> Any:
        """Return the object that the grading process means."""
        return self.objects[data["id"]]


def is_container(value: object) -> bool:
    """Return whether an argument, other than an array, can be changed in place."""
    return type(value) in (list, dict, set, bytearray)


def snapshot(value: object) -> tuple[str, list[bytes]]:
    """Return a text that changes when a container's content does."""
    encoder = Encoder(lambda value: {"t": "object", "id": id(value)})
    return repr(encoder.encode(value)), encoder.buffers


def text(value: object) -> str:
    """Return a short string that JSON can hold."""
    return str(value)[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")


def text_of(value: object) -> str:
    """Return a short description of an object whose own repr may fail."""
    try:
        return text(repr(value))
    except BaseException:
        return text(f"<{type(value).__name__}>")


def describe(error: BaseException) -> dict[str, Any]:
    """Return an exception as text: its types' names, its message, and the student's line."""
    try:
        message = text(error)
    except BaseException:
        message = ""
    line, code = None, ""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame.f_code
        if "ipykernel_" in frame.co_filename or frame.co_filename.startswith("<ipython-input"):
            line = trace.tb_lineno
            code = text(linecache.getline(frame.co_filename, line).strip())
        trace = trace.tb_next
    names = [text(kind.__name__) for kind in type(error).__mro__]
    return {"types": names[:20], "message": message, "line": line, "code": code}


def install(shell: Any) -> None:
    """Let the kernel of this shell answer, once it is asked to."""
    shell.kernel.comm_manager.register_target(TARGET, Agent(shell).open)
