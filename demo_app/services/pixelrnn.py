"""What the PixelRNN tab asks of two models at once: score, receptive field, completions."""

from __future__ import annotations

from typing import Any, ClassVar

from demo_app.services import Service
from demo_app.services.autoregressive_digits import SCORED_DIGITS, AutoregressiveDigits
from demo_app.store import Store
from genzoo.metrics.fields import receptive_field
from genzoo.models.pixel_rnn import PixelRNN

MODELS = ("row-lstm-mnist", "diagonal-bilstm-mnist")


class PixelRNNDigits(AutoregressiveDigits[PixelRNN]):
    """One PixelRNN of binary digits."""

    kind = PixelRNN
    needs: ClassVar = dict.fromkeys(MODELS, SCORED_DIGITS)

    def look(self, pixels: Any, pixel: Any = None) -> dict[str, Any]:
        """All that the tab shows of an image.

        Args:
            pixels: 784 numbers, 0 or 1.
            pixel: the pixel whose receptive field is wanted, 0 to 783, or None.

        Returns:
            as `AutoregressiveDigits._look`; and field (784,), |d logit_i / d x_j|, or None.
        """
        return self._look(pixels, pixel, field=lambda *of: receptive_field(*of).flatten())


class PixelRNNService(Service):
    """A Row LSTM and a Diagonal BiLSTM."""

    models = MODELS
    needs: ClassVar = PixelRNNDigits.needs

    def __init__(self, store: Store):
        super().__init__(store)
        self._each = {name: PixelRNNDigits(store, name) for name in self.models}

    def of(self, model: str) -> PixelRNNDigits:
        """What can be asked of one of `models`."""
        return self._each[self._model(model)]
