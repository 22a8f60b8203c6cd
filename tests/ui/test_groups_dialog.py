"""Peer groups edited on the page: made, changed, removed, and never over somebody else's change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator

from oddlot.peer_groups import Member
from tests.ui.conftest import ARTEFACTS, PHONE, Watched
from tests.ui.fake_api import FakeApi
from tests.ui.test_divergence_page import opened
from tests.ui.test_pair_page import TOO_WIDE

pytestmark = pytest.mark.browser

Visit = Callable[..., Watched]


def dialog_of(seen: Watched) -> Locator:
    return seen.page.get_by_role("dialog")


def edited(seen: Watched, title: str) -> Locator:
    """Open the dialog of a group that is shown, and wait until it is there."""
    seen.page.get_by_role("button", name=f"Edit {title}", exact=True).first.click()
    dialog = dialog_of(seen)
    dialog.locator("button:not([disabled])", has_text="Save").wait_for(state="visible")
    return dialog


def press(dialog: Locator, name: str) -> None:
    dialog.get_by_role("button", name=name, exact=True).click()


def is_shut(seen: Watched) -> None:
    dialog_of(seen).wait_for(state="hidden")


def test_a_group_is_made_of_pasted_lines_and_scanned_at_once(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/divergence?groups=memory")
    seen.page.get_by_role("button", name="New group", exact=True).first.click()
    dialog = dialog_of(seen)
    dialog.get_by_label("Title").fill("My Chips & more")
    assert dialog.get_by_label("Id", exact=True).input_value() == "my-chips-more"
    dialog.get_by_label("Sector").fill("Technology")
    dialog.get_by_label("Benchmark").fill("smh")
    members = dialog.get_by_label("Members")
    members.fill("nvda, amd; txn\nARM\tThe Arm\nADI = Analog")
    dialog.get_by_label("Pairs to watch, optional").fill("amd on nvda")
    assert members.input_value().splitlines() == [
        "NVDA = NVIDIA",
        "AMD = Advanced Micro Devices",
        "TXN = Texas Instruments",
        "ARM = The Arm",
        "ADI = Analog",
    ]
    ARTEFACTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=ARTEFACTS / "group-new.png")
    press(dialog, "Save")
    is_shut(seen)
    saved = api.divergence.files.find("my-chips-more")
    assert saved.symbols == ("NVDA", "AMD", "TXN", "ARM", "ADI")
    assert (saved.benchmark, saved.pairs[0].id) == ("SMH", "AMD~NVDA")
    seen.until("location.search === '?groups=my-chips-more'")
    seen.until("oddlot.divergence.shown.scans[0]?.members.length === 5")
    assert api.divergence.posted[-1] == {"groups": ["my-chips-more"]}
    seen.page.get_by_role("button", name="Show My Chips & more").wait_for()
    assert seen.errors == []


def test_a_change_keeps_what_was_not_changed(visit: Visit, api: FakeApi) -> None:
    before = api.divergence.files.find("semiconductors")
    seen = opened(visit, "/divergence?groups=semiconductors")
    dialog = edited(seen, "Semiconductors")
    assert dialog.get_by_label("Id", exact=True).is_disabled()
    assert "14 members" in dialog.inner_text()
    members = dialog.get_by_label("Members")
    members.fill(members.input_value() + "\nMU")
    press(dialog, "Save")
    is_shut(seen)
    after = api.divergence.files.find("semiconductors")
    assert after.symbols == (*before.symbols, "MU")
    assert after.members[-1].name == "Micron Technology"
    assert (after.pairs, after.notes, after.title) == (before.pairs, before.notes, before.title)
    seen.until("oddlot.divergence.shown.scans[0].members.length === 15")
    assert seen.errors == []


def test_what_the_api_refuses_is_said_beside_the_field(visit: Visit, api: FakeApi) -> None:
    before = api.divergence.files.find("semiconductors")
    seen = opened(visit, "/divergence?groups=semiconductors")
    dialog = edited(seen, "Semiconductors")
    dialog.get_by_label("Title").fill("")
    dialog.get_by_label("Benchmark").fill("^GSPC")
    members = dialog.get_by_label("Members")
    members.fill(members.input_value() + "\n^VIX = Fear")
    press(dialog, "Save")
    for name, said in (
        ("title", 'expected some text, was ""'),
        ("benchmark", 'expected a symbol, was "^GSPC"; use the venue\'s own name in capitals'),
        ("members", "^VIX, symbol: expected a symbol, was"),
    ):
        wrong = dialog.locator(f"#o-wrong-{name}")
        wrong.wait_for(state="visible")
        assert said in wrong.inner_text()
    assert dialog.get_by_label("Title").get_attribute("aria-invalid") == "true"
    assert dialog.get_by_label("Title").evaluate("each => each.matches(':focus')")
    seen.page.screenshot(path=ARTEFACTS / "group-refused.png")
    assert api.divergence.files.find("semiconductors") == before
    dialog.get_by_label("Title").fill("Chips")
    assert dialog.locator("#o-wrong-title").is_hidden()


@pytest.mark.usefixtures("api")
def test_a_pair_of_a_stranger_is_refused_beside_the_pairs(visit: Visit) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors")
    dialog = edited(seen, "Semiconductors")
    dialog.get_by_label("Pairs to watch, optional").fill("AMD on SPY")
    press(dialog, "Save")
    wrong = dialog.locator("#o-wrong-pairs")
    wrong.wait_for(state="visible")
    assert "AMD on SPY, x: expected a member, was SPY" in wrong.inner_text()


def test_a_change_by_somebody_else_is_shown_while_one_edits(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/divergence?groups=memory")
    dialog = edited(seen, "Memory and storage")
    dialog.get_by_label("Title").fill("Mine")
    now = api.divergence.files.find("memory")
    gone, *rest = now.members
    members = (*rest, Member(symbol="NEWX", name="New X"))
    api.divergence.files.change("memory", title="Theirs", members=members, pairs=())
    conflict = dialog.locator(".o-conflict")
    conflict.wait_for(state="visible")
    said = conflict.inner_text()
    assert "Somebody else changed this group meanwhile" in said
    assert f"“{now.title}” is now “Theirs”" in said
    assert f"added NEWX; removed {gone.symbol}" in said
    assert dialog.get_by_role("button", name="Save", exact=True).is_disabled()
    seen.page.screenshot(path=ARTEFACTS / "group-conflict.png")
    press(dialog, "Load theirs")
    assert dialog.get_by_label("Title").input_value() == "Theirs"
    assert "NEWX = New X" in dialog.get_by_label("Members").input_value()
    dialog.get_by_label("Title").fill("Both")
    press(dialog, "Save")
    is_shut(seen)
    after = api.divergence.files.find("memory")
    assert (after.title, after.members) == ("Both", members)
    assert seen.errors == []


def test_one_may_keep_ones_own_over_a_change_that_one_has_seen(visit: Visit, api: FakeApi) -> None:
    api.hub.withheld.add("peer-groups")  # so that only saving finds out
    seen = opened(visit, "/divergence?groups=memory")
    dialog = edited(seen, "Memory and storage")
    dialog.get_by_label("Title").fill("Mine")
    api.divergence.files.change("memory", title="Theirs")
    press(dialog, "Save")
    conflict = dialog.locator(".o-conflict")
    conflict.wait_for(state="visible")
    assert api.divergence.files.find("memory").title == "Theirs"
    press(dialog, "Keep mine instead")
    press(dialog, "Save")
    is_shut(seen)
    assert api.divergence.files.find("memory").title == "Mine"


def test_an_id_that_is_taken_leads_to_the_group_that_has_it(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/divergence?groups=memory")
    seen.page.get_by_role("button", name="New group", exact=True).first.click()
    dialog = dialog_of(seen)
    dialog.get_by_label("Title").fill("Payments")
    dialog.get_by_label("Sector").fill("Financials")
    dialog.get_by_label("Benchmark").fill("SPY")
    dialog.get_by_label("Members").fill("V MA PYPL")
    press(dialog, "Save")
    dialog.locator(".o-conflict").wait_for(state="visible")
    assert "with the id payments already" in dialog.inner_text()
    dialog.get_by_label("Id", exact=True).fill("payments-2")
    press(dialog, "Save")
    is_shut(seen)
    assert api.divergence.files.find("payments-2").symbols == ("V", "MA", "PYPL")
    assert len(api.divergence.files.find("payments").symbols) > 3


def test_a_group_is_removed_after_being_asked_twice(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/divergence?groups=memory,payments")
    dialog = edited(seen, "Payments")
    press(dialog, "Remove")
    assert "payments" in api.divergence.groups
    press(dialog, "Really remove it for everybody?")
    is_shut(seen)
    assert "payments" not in api.divergence.groups
    seen.until("location.search === '?groups=memory'")
    seen.page.get_by_role("button", name="Show Payments").wait_for(state="detached")


def test_groups_changed_elsewhere_arrive_by_themselves(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors")
    now = api.divergence.files.find("semiconductors")
    api.divergence.files.change("semiconductors", title="Chips", members=now.members[:5], pairs=())
    seen.until("oddlot.divergence.shown.scans[0].members.length === 5")
    seen.page.get_by_role("button", name="Show Chips").wait_for()
    seen.page.get_by_role("button", name="Edit Chips", exact=True).first.wait_for()
    api.divergence.files.remove("semiconductors")
    seen.sees("expected a known group, was 'semiconductors'")
    seen.page.get_by_role("button", name="Show Chips").wait_for(state="detached")


def test_pasted_symbols_become_a_group(visit: Visit, api: FakeApi) -> None:
    seen = opened(visit, "/divergence?symbols=NVDA,AMD,TXN&benchmark=SMH")
    seen.page.get_by_role("button", name="Keep them as a group").click()
    dialog = dialog_of(seen)
    dialog.get_by_label("Title").fill("Three")
    dialog.get_by_label("Sector").fill("Technology")
    assert dialog.get_by_label("Benchmark").input_value() == "SMH"
    press(dialog, "Save")
    is_shut(seen)
    names = [member.name for member in api.divergence.files.find("three").members]
    assert names == ["NVIDIA", "Advanced Micro Devices", "Texas Instruments"]
    seen.until("location.search === '?groups=three'")


@pytest.mark.usefixtures("api")
def test_the_dialog_fits_a_phone(visit: Visit) -> None:
    seen = opened(visit, "/divergence?groups=semiconductors", size=PHONE)
    dialog = edited(seen, "Semiconductors")
    assert seen.page.evaluate(TOO_WIDE) == []
    assert dialog.evaluate("each => each.scrollWidth <= each.clientWidth")
    ARTEFACTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=ARTEFACTS / "group-phone.png")
