"""Of a judge, which knows a data set and no model of it: what all models of it are compared by."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from demo_app.services.compare import SLOW, CompareService
from demo_app.services.datasets import DATA
from demo_app.services.gallery import N_SHEET, Gallery
from demo_app.services.real import packed
from demo_app.store import Store
from genzoo.data import load_images
from genzoo.data.batches import subset_of
from genzoo.roles import Evaluator


def compared(judge: Evaluator, data: str) -> dict[str, np.ndarray]:
    """See `CompareService`; made anew when there is another model of the data.

    The real images, as `demo_app.services.real` keeps them; the sheets, of seed 0, of slow models;
    and what each model that can say so holds of each picture of all sheets, and of as many test
    images at random.
    """
    gallery, service = Gallery(Store()), CompareService(Store())
    entries = gallery.entries(data)
    slow = [entry.name for entry in entries if (entry.seconds or 0) >= SLOW]
    columns = [entry.name for entry in entries]
    rows = [known["name"] for known in service.models(data) if known["believes"]]
    train, test = load_images(data, "train"), load_images(data, "test")
    real = subset_of(test, N_SHEET).scaled().flatten(1).numpy()
    # Nothing is asked of sheets where no model believes.
    sheets = {name: gallery.sheet(name) for name in (columns if rows else slow)}
    log_p = np.empty((len(rows), len(columns), N_SHEET), np.float32)
    real_log_p = np.empty((len(rows), N_SHEET), np.float32)
    with tqdm(total=log_p[..., 0].size, desc="log p", unit="sheet") as bar:
        for row, name in enumerate(rows):
            real_log_p[row] = service.log_prob(name, real)
            for column, other in enumerate(columns):
                log_p[row, column] = service.log_prob(name, sheets[other])
                bar.update()
    return {
        **packed(DATA[data], train, test),
        "slow": np.array(slow, dtype=str),
        "sheets": np.array([np.rint(255 * sheets[name]) for name in slow]).astype(np.uint8),
        "rows": np.array(rows, dtype=str),
        "columns": np.array(columns, dtype=str),
        "log_p": log_p,
        "real": real_log_p,
    }
