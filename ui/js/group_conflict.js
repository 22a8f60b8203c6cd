// Two versions of a peer group -> a panel that says what somebody else has made of it, and asks which one holds.

import {h, setText} from "./dom.js"
import {changesOf} from "./group_texts.js"

/** What to say where `now` is there though `seen` was expected; null is none. */
export function clashOf(seen, now) {
  if (!now) return {words: `${seen.title} was removed by somebody else meanwhile.`, changes: [], theirs: "", mine: "Make it anew from this"}
  if (!seen) return {words: `There is a group “${now.title}” with the id ${now.id} already.`, changes: ["Choose another id, or edit that one."], theirs: "Edit that one", mine: ""}
  const changes = changesOf(seen, now)
  return {words: "Somebody else changed this group meanwhile:", changes: changes.length ? changes : ["only the layout of its file"], theirs: "Load theirs", mine: "Keep mine instead"}
}

/** `ontheirs()` and `onmine()` hear which one holds. */
export function conflictPanel({ontheirs, onmine}) {
  const words = h("b")
  const list = h("ul")
  const theirs = h("button", {type: "button", class: "o-button", onclick: ontheirs})
  const mine = h("button", {type: "button", class: "o-button", onclick: onmine})
  const element = h("div", {class: "o-conflict", role: "alert", hidden: true}, words, list, h("div", {class: "o-actions"}, theirs, mine))
  return {
    element,
    get isOpen() { return !element.hidden },
    hide: () => { element.hidden = true },
    show: (clash) => {
      setText(words, clash.words)
      list.replaceChildren(...clash.changes.map((each) => h("li", {}, each)))
      for (const [button, text] of [[theirs, clash.theirs], [mine, clash.mine]]) {
        setText(button, text)
        button.hidden = !text
      }
      element.hidden = false
      element.scrollIntoView({block: "nearest"})
    },
  }
}
