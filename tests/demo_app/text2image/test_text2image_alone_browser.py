"""The Text2Image tab where one of its models has no release: the other goes on."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from playwright.sync_api import expect

from demo_app.services.text2image import Text2ImageService
from demo_app.tabs.text2image import EXAMPLES
from tests.demo_app.page import expect_widths, state
from tests.demo_app.released import folders
from tests.demo_app.text2image.conftest import GAN, TRANSFORMER, pixels, write_releases

pytestmark = pytest.mark.browser

TABS = ("text2image",)

folder, module_folder = folders(partial(write_releases, but=GAN))

FIRST = EXAMPLES["en"][0]


def test_the_transformer_alone_makes_faces_and_tells_where_it_looked(visit, store):
    page = visit("tab=text2image&text2image.seed=3", waits=False)
    row = page.get_by_test_id("text2image-row-0")
    expect(row).to_have_attribute("data-shown", f"3 {FIRST}")
    expected = Text2ImageService(store).faces(FIRST, 3, model=TRANSFORMER)["images"]
    for k in (0, 7):
        np.testing.assert_allclose(pixels(row.locator("canvas").nth(k)), expected[k], atol=0.003)
    expect(page.get_by_test_id("text2image-row-1")).to_have_count(0)
    expect(page.locator("[data-widget=notice]")).to_contain_text(f"python -m genzoo train {GAN}")
    for hidden in (".zoo-text2image .walk", ".zoo-text2image .both"):
        expect(page.locator(hidden)).to_be_hidden()
    values = page.get_by_test_id("text2image-values")
    expect(values).to_have_attribute("data-shown", f"{TRANSFORMER} 3 hat {FIRST}")
    page.get_by_test_id("text2image-face-0-1").click()
    page.locator("#text2image-attention-title").scroll_into_view_if_needed()
    words = page.get_by_test_id("text2image-attention-words")
    expect(words).to_have_attribute("data-shown", f"4 {FIRST}")
    assert "text2image.model" not in state(page)
    expect_widths(page)
