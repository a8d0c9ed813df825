"""The plan line: what the bridge would do, asked anew whenever that may have changed, one question at a time."""

from collections.abc import Callable
from dataclasses import replace

from bridge.client import Client, new_job
from bridge.protocol.errors import Refusal
from bridge.protocol.messages import Error, Want
from bridge.protocol.values import Mode
from gimp_plugin import gestures
from gimp_plugin.gestures import Ask
from gimp_plugin.scene import Scene
from gimp_plugin.view import Fields


class Planning:
    """The last answer, and the question that is on its way."""

    def __init__(self, do: Callable[[Callable[[Client], object]], None]) -> None:
        self._do = do
        self._asked: tuple[str, Ask] | None = None
        self._answered: Ask | None = None
        self.text = ""
        """`1024 × 1024 px, 80 % of full resolution, about 4 s`."""
        self.notes: tuple[str, ...] = ()
        """Sentences for the artist."""
        self.refused = ""
        """Why the bridge would not do it; empty where it would."""

    def ask(self, mode: Mode, scene: Scene, fields: Fields) -> None:
        """Ask what the one button would do, unless the answer is known. No word of a prompt changes a plan, no seed
        does."""
        spoken = replace(fields, prompt="x" if fields.prompt.strip() else "", negative="", locked=False)
        try:
            ask = gestures.asked(scene, gestures.recipe_of(mode, spoken))
        except Refusal as why:
            self.text, self.notes, self.refused, self._answered = "", (), why.text, None
            return
        if self._asked is None and ask != self._answered:
            job = new_job()
            self._asked = job, ask
            said = {"content": ask.content, "job": job, "dry": True}
            self._do(lambda client: client.begin(ask.document, ask.selection, ask.recipe, None, **said))  # type: ignore[arg-type]

    def answer(self, message: object) -> bool:
        """The bridge said something. True where it was the answer."""
        if self._asked is None or not isinstance(message, Want | Error) or message.job != self._asked[0]:
            return False
        self._answered, self._asked = self._asked[1], None
        if isinstance(message, Error):
            self.text, self.notes, self.refused = "", (), message.text
        else:
            self.text, self.refused = str(message.plan.get("text", "")), ""
            self.notes = tuple(str(one) for one in message.plan.get("notes", ()))
        return True

    def forget(self) -> None:
        """The bridge is another one, or can paint something else: what it said is not known to hold."""
        self._asked = self._answered = None
