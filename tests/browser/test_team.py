"""The team's page: inviting, accepting in another browser, changing, locking, removing; and preferences that go along."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.desk import Desk, accessible


async def test_somebody_is_invited_comes_in_is_changed_and_removed(desk: Desk) -> None:
    """By an operator in one browser and the new one in another, whose preferences are in a third."""
    desk.forgive("422")
    page = await desk.signed_in(path="/team")
    await expect(page.get_by_role("listitem", name=desk.name)).to_contain_text("Your own account is in the settings.")
    await page.get_by_role("button", name="Invite somebody…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Ada!")
    await dialog.get_by_role("button", name="Make a link").click()
    await expect(dialog.get_by_role("alert").first).to_contain_text("lower-case")
    await accessible(page)
    name = f"new-{desk.name}"
    await dialog.get_by_label("Name").fill("somebody")
    await dialog.get_by_label("Role").select_option("lead")
    await dialog.get_by_role("button", name="Make a link").click()
    link = await dialog.get_by_label("Link").input_value()
    await expect(dialog).to_contain_text("Give it to somebody and to nobody else.")
    await accessible(page)
    await dialog.get_by_role("button", name="Done").click()
    await expect(page.get_by_role("listitem", name="somebody")).to_contain_text("Invited")
    await accessible(page)

    there = await desk.window()
    asked: list[str] = []
    there.on("request", lambda request: asked.append(f"{request.url} {request.headers.get('referer', '')}"))
    await there.goto(link)
    await expect(there.get_by_text(f"You will be lead of {desk.site}.")).to_be_visible()
    assert there.url == f"{desk.stack.base}/review", "the token is out of sight"
    await accessible(there)
    await there.get_by_label("Name").fill(name)
    await there.get_by_label("Password", exact=True).fill("a password of my own")
    await there.get_by_label("And again").fill("a password of my owm")
    await there.get_by_role("button", name="Begin").click()
    await expect(there.get_by_role("alert")).to_have_text("The two passwords differ.")
    await there.get_by_label("And again").fill("a password of my own")
    await there.get_by_role("button", name="Begin").click()
    await expect(there.get_by_role("link", name=f"Settings of {name}")).to_be_visible()
    token = link.rpartition("/")[2]
    assert [one for one in asked if token in one] == []
    await expect(there.get_by_role("link", name="Team")).to_have_count(0)
    await there.goto(f"{desk.stack.base}/review#/settings")
    await there.get_by_label("Theme").select_option("dark")
    await there.get_by_label("Hide authors' names").check()

    desk.forgive("404")
    late = await desk.window()
    await late.goto(link)
    await expect(late.get_by_text("This link is not good any more. Ask for another.")).to_be_visible()
    await desk.sign_in(late, name, "a password of my own")
    await late.locator("#header").wait_for()
    await expect(late.locator("html")).to_have_attribute("data-theme", "dark")
    await late.goto(f"{desk.stack.base}/review#/settings")
    await expect(late.get_by_label("Hide authors' names")).to_be_checked()

    await page.reload()
    one = page.get_by_role("listitem", name=name)
    await expect(one).to_contain_text("Last here")
    await one.get_by_role("button", name="Change").click()
    await dialog.get_by_label("Role").select_option("moderator")
    await dialog.get_by_role("button", name="Change it").click()
    await expect(one).to_contain_text("Moderator")
    desk.forgive("401")
    await late.get_by_role("link", name="Statistics").click()
    await expect(late.get_by_text("Your session is over. Please sign in again.")).to_be_visible()

    await one.get_by_role("button", name=f"More about {name}").click()
    await page.get_by_role("menuitem", name="Lock").click()
    await dialog.get_by_role("button", name="Lock").click()
    await expect(one).to_contain_text("Locked")
    await desk.sign_in(late, name, "a password of my own")
    await expect(late.get_by_text("That name and password don't fit together.")).to_be_visible()
    await one.get_by_role("button", name=f"More about {name}").click()
    await page.get_by_role("menuitem", name="Remove").click()
    await dialog.get_by_role("button", name="Remove").click()
    await expect(dialog.get_by_role("alert")).to_have_text(f"Type the name {name}.")
    await dialog.get_by_label(f"Type {name} to go on").fill(name)
    await dialog.get_by_role("button", name="Remove").click()
    await expect(one).to_have_count(0)
