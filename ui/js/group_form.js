// A peer group <-> the fields of a form, each with a place for what is wrong with it.

import {choice, field} from "./controls.js"
import {h, setText} from "./dom.js"
import {fieldOf, idOf, membersOf, pairsOf, textOfMembers, textOfPairs, wordsOf} from "./group_texts.js"

const [LEAST, MOST] = [3, 80] // members
const VENUES = [["us", "us: NYSE and Nasdaq"], ["nasdaq", "nasdaq"], ["nyse", "nyse"], ["binance", "binance: streams live"]]
const PLAIN = ["title", "id", "sector", "venue", "benchmark", "notes"]
export const EMPTY = {id: "", title: "", sector: "", venue: "us", benchmark: "", members: [], pairs: [], notes: ""}

function lines({label, rows, ...attributes}) {
  const input = h("textarea", {class: "o-input o-lines", rows, "aria-label": label, spellcheck: "false", ...attributes})
  const element = h("label", {class: "o-field o-wide"}, h("span", {}, label), input)
  return {element, input, get value() { return input.value }, set: (value) => { input.value = value }}
}

function controls() {
  return {
    title: field({label: "Title", maxlength: 100, placeholder: "My chips"}),
    id: field({label: "Id", maxlength: 63, placeholder: "my-chips", title: "The name of its file, and its place in links"}),
    sector: field({label: "Sector", maxlength: 100, list: "o-sectors"}),
    venue: choice({label: "Venue", options: VENUES}),
    benchmark: field({label: "Benchmark", maxlength: 20, placeholder: "SMH, or BTCUSDT for coins"}),
    members: lines({label: "Members", rows: 9, placeholder: "NVDA = NVIDIA\nAMD = Advanced Micro Devices\nor only symbols, with commas, spaces or lines"}),
    pairs: lines({label: "Pairs to watch, optional", rows: 2, placeholder: "AMD on NVDA"}),
    notes: lines({label: "Notes, optional", rows: 2, maxlength: 2000}),
  }
}

function withPlaceForFaults(name, made) {
  const control = made.input ?? made.select
  const wrong = h("small", {class: "o-wrong", id: `o-wrong-${name}`, role: "alert", hidden: true})
  made.element.append(wrong)
  control.setAttribute("aria-describedby", wrong.id)
  const tell = (words) => {
    wrong.hidden = !words
    setText(wrong, words)
    control.setAttribute("aria-invalid", String(Boolean(words)))
  }
  control.addEventListener("input", () => tell(""))
  return tell
}

/** The form's fields; `groups` knows sectors and what symbols are called. */
export function groupFields(groups) {
  const inputs = controls()
  const tell = Object.fromEntries(Object.entries(inputs).map(([name, made]) => [name, withPlaceForFaults(name, made)]))
  const sectors = h("datalist", {id: "o-sectors"})
  const count = h("small", {class: "o-sub", role: "status"})
  inputs.members.element.append(count)
  let isOwnId = false // typed, not made of the title

  const members = () => membersOf(inputs.members.value, groups.names)
  const draw = () => {
    const {length} = members()
    sectors.replaceChildren(...groups.sectors.map((each) => h("option", {value: each})))
    setText(count, `${length} ${length === 1 ? "member" : "members"}; ${LEAST} to ${MOST} make a group. A name that is left out is taken from the other groups.`)
    count.classList.toggle("o-warn", length > MOST)
  }
  const tidy = () => {
    inputs.members.set(textOfMembers(members()))
    draw()
  }
  inputs.members.input.addEventListener("input", draw)
  inputs.members.input.addEventListener("change", tidy)
  inputs.title.input.addEventListener("input", () => {
    if (isOwnId || inputs.id.input.disabled) return
    inputs.id.set(idOf(inputs.title.value))
    tell.id("")
  })
  inputs.id.input.addEventListener("input", () => { isOwnId = inputs.id.value !== "" })
  return {
    element: h("div", {class: "o-form"}, ...Object.values(inputs).map((each) => each.element), sectors),
    id: inputs.id.input,
    draw,
    tidy,
    fill: (group, {isNew}) => {
      for (const name of PLAIN) inputs[name].set(group[name] ?? "")
      inputs.members.set(textOfMembers(group.members))
      inputs.pairs.set(textOfPairs(group.pairs ?? []))
      inputs.id.input.disabled = !isNew
      isOwnId = group.id !== ""
      draw()
    },
    /** What the form says; pairs that `before` has keep how they are watched. */
    read: (before) => ({
      ...Object.fromEntries(PLAIN.map((name) => [name, inputs[name].value.trim()])),
      benchmark: inputs.benchmark.value.trim().toUpperCase(),
      members: members(),
      pairs: pairsOf(inputs.pairs.value, before.pairs),
    }),
    clear: () => Object.values(tell).forEach((each) => each("")),
    /** Say what is wrong beside the fields; gives whether there was a field for anything. */
    refuse: (faults, group) => {
      const known = faults.filter(({where}) => tell[fieldOf(where)])
      for (const name of new Set(known.map(({where}) => fieldOf(where)))) {
        tell[name](known.filter(({where}) => fieldOf(where) === name).map((each) => wordsOf(each, group)).join("\n"))
      }
      const first = Object.values(inputs).map((each) => each.input ?? each.select).find((each) => each.getAttribute("aria-invalid") === "true")
      first?.focus()
      return known.length > 0
    },
  }
}
