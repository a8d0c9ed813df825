"""What can be answered: offers, and what the selected layer, if it is one of ours, can be asked for."""

from gimp_plugin.draft import Draft
from gimp_plugin.panel.fittings import column, named, press, put, row, show_button, styled, words
from gimp_plugin.panel.gtk import Gtk
from gimp_plugin.view import Act, Offer, View


class Bars:
    """Bars that come and go: `offers` at the top; `layer` among the results, where it moves nothing one writes into."""

    def __init__(self, act: Act, draft: Draft) -> None:
        self._act, self._draft = act, draft
        self._offers: tuple[Offer, ...] = ()
        self._offered: list[Gtk.Box] = []
        self._name = words()
        self._again, self._vary, self._refine = press(act.again), press(act.vary), press(act.refine)
        self._edit = press(self._on_edit)
        buttons = styled(row(0), "linked", "sfumato-tight")
        for button in (self._again, self._vary, self._refine, self._edit):
            buttons.pack_start(button, True, True, 0)
        self.layer = styled(column(), "sfumato-bar")
        self.layer.add(self._name)
        self.layer.add(buttons)
        self.offers = column(12)
        # Never seen. GTK asks a box once, while it may be hidden and empty, whether its height depends on its width.
        lasting = words()
        lasting.set_no_show_all(True)
        self.offers.add(lasting)

    def show(self, view: View) -> None:
        """Show what can be answered now. Bars that stayed are not made anew: a finger may be on a button."""
        if view.offers != self._offers:
            self._offers = view.offers
            for bar in self._offered:
                bar.destroy()
            self._offered = [self._bar(offer) for offer in view.offers]
            for bar in self._offered:
                self.offers.add(bar)
        put(self.offers, visible=bool(view.offers))
        if view.layer:
            put(self._name, label=view.layer.name)
            show_button(self._again, view.layer.again, "A", "Once more, with another seed.")
            show_button(self._vary, view.layer.vary, "y", "Relatives of this layer.")
            show_button(self._refine, view.layer.refine, "f", "Repaint this layer by the prompt, keeping some of it.")
            show_button(self._edit, view.layer.edit, "i", "Take its settings into the fields.")
        put(self.layer, visible=view.layer is not None)

    def _on_edit(self) -> None:
        self._draft.give_way()
        self._act.edit_settings()

    def _bar(self, offer: Offer) -> Gtk.Box:
        bar, text = styled(column(), "sfumato-bar", "sfumato-tight"), words()
        text.set_text(offer.text)
        answers = Gtk.FlowBox(selection_mode=Gtk.SelectionMode.NONE, max_children_per_line=3, column_spacing=6)
        for word, label in offer.answers:
            button = Gtk.Button(label=label)
            button.connect("clicked", lambda _button, word=word: self._act.answer(offer.key, word))
            answers.add(button)
            button.get_parent().set_can_focus(False)  # the button has the focus, not its cell
        bar.add(text)
        bar.add(answers)
        bar.show_all()
        return named(bar, offer.text)
