// The peer groups -> a menu to choose some: found by name or member, by sector; one click for one alone.

import {choice, menuButton} from "./controls.js"
import {h, setText} from "./dom.js"
import {editGroup} from "./group_dialog.js"
import {groupsOf} from "./groups.js"

export const MOST_GROUPS = 12 // on one page

/** Groups whose title, sector, or a member's symbol or name match what was typed. */
export function matching(groups, {typed, sector}) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const text = (group) => [group.id, group.title, group.sector, ...group.members.flatMap((member) => [member.symbol, member.name])].join(" ").toLowerCase()
  return groups.filter((group) => (!sector || group.sector === sector) && words.every((word) => text(group).includes(word)))
}

/** `chosen()` gives the ids that are shown, `onchoose(ids)` hears others; `allowed(group)` which may be. */
export function groupPicker({base, chosen, onchoose, allowed}) {
  const known = groupsOf(base)
  let unwatch = () => {}
  const find = h("input", {class: "o-input o-find", type: "search", placeholder: "group, symbol or name", "aria-label": "Find a group", autocomplete: "off", spellcheck: "false"})
  const sector = choice({label: "Sector", options: [["", "all"]], onchange: () => draw()})
  const words = h("p", {class: "o-empty", role: "status"}, "Loading…")
  const list = h("ul", {class: "o-groups", "aria-label": "Peer groups"})
  const line = (group) => {
    const is = chosen().includes(group.id)
    const full = !is && chosen().length >= MOST_GROUPS
    const box = h("input", {type: "checkbox", "aria-label": `Show ${group.title} too`, checked: is, disabled: full, title: full ? `${MOST_GROUPS} at a time` : "With the others", onchange: () => {
      const ids = chosen().filter((id) => id !== group.id)
      onchoose(box.checked ? [...ids, group.id] : ids)
    }})
    return h("li", {}, box,
      h("button", {type: "button", class: "o-open o-only", title: "Show only this group", onclick: () => { onchoose([group.id]); menu.close() }}, group.title),
      h("span", {class: "o-sub"}, `${group.members.length} · ${group.sector}`))
  }
  const draw = () => {
    const offered = known.all.filter(allowed)
    sector.fill([["", "all"], ...[...new Set(offered.map((group) => group.sector))].sort()])
    const found = matching(offered, {typed: find.value, sector: sector.value})
    setText(words, found.length ? `${found.length} of ${offered.length}; tick several, or click one to see it alone` : "No group matches.")
    list.replaceChildren(...found.map(line))
  }
  const add = h("button", {type: "button", class: "o-button", onclick: () => { menu.close(); editGroup(null) }}, "New group")
  find.addEventListener("input", draw)
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return
    list.querySelector(".o-only")?.click()
    event.preventDefault()
  })
  const menu = menuButton({
    text: "Groups", label: "Peer groups",
    fill: async (panel) => {
      panel.classList.add("o-group-menu")
      if (!panel.contains(list)) panel.replaceChildren(h("div", {class: "o-filters"}, find, sector.element, add), words, list)
      find.focus()
      unwatch()
      unwatch = known.watch(draw)
      try {
        await known.load()
      } catch (error) {
        setText(words, error.message)
      }
    },
  })
  menu.close = () => menu.element.querySelector("[popover]").hidePopover()
  return {element: menu.element, button: menu.button, draw: () => known.loaded && draw(), end: () => unwatch()}
}
