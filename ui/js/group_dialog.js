// A peer group, or none yet -> a dialog to make it, change it or remove it, over nobody's changes unseen.

import {h, setText} from "./dom.js"
import {clashOf, conflictPanel} from "./group_conflict.js"
import {EMPTY, groupFields} from "./group_form.js"
import {groupsOf} from "./groups.js"

const EDIT = "oddlot-edit-group"
const ID = /^[a-z0-9][a-z0-9-]{0,62}$/ // it becomes a path, so nothing else is sent
const BAD_ID = {where: "id", expected: "small letters, digits and hyphens, at most 63"}

/** Open the page's dialog for a group by its id, or for a new one (null) that begins as `like`. */
export function editGroup(id, like = {}) {
  dispatchEvent(new CustomEvent(EDIT, {detail: {id, like}}))
}

function parts() {
  const button = (attributes, ...text) => h("button", {type: "button", class: "o-button", ...attributes}, ...text)
  const made = {
    title: h("h2", {id: "o-group-title"}),
    problem: h("p", {class: "o-problem", role: "alert", hidden: true}),
    remove: button({class: "o-button o-danger"}),
    save: button({type: "submit", class: "o-button o-primary"}, "Save"),
    cancel: button({}, "Cancel"),
  }
  const hint = h("p", {class: "o-sub"}, "What you change here holds for everybody; the whole system follows within seconds.")
  const footer = h("footer", {}, made.remove, h("span", {class: "o-spring"}), made.cancel, made.save)
  return {...made, foot: [made.problem, hint, footer]}
}

/** `onsaved(group, isNew)` and `onremoved(id)` hear what was done. */
export function groupDialog({base, onsaved, onremoved}) {
  const groups = groupsOf(base)
  const fields = groupFields(groups)
  const {title, problem, remove, save, cancel, foot} = parts()
  const conflict = conflictPanel({ontheirs: () => begin(theirs), onmine: () => settle(theirs)})
  const form = h("form", {method: "dialog", novalidate: true}, title, conflict.element, fields.element, ...foot)
  const dialog = h("dialog", {class: "o-dialog o-group-dialog", "aria-labelledby": "o-group-title"}, form)
  // `seen` is what the form began with, null for a new group; `revision` what saving replaces; `theirs` what is there.
  let [seen, revision, theirs, sure, turn, unwatch] = [null, null, null, false, 0, () => {}]

  const tell = (words) => {
    problem.hidden = !words
    setText(problem, words)
  }
  /** Let the form hold over `now`. */
  const settle = (now) => {
    revision = now?.revision ?? null
    save.disabled = false
    conflict.hide()
  }
  const begin = (group, like = {}) => {
    [seen, sure] = [group, false]
    settle(group)
    tell("")
    fields.clear()
    fields.fill({...EMPTY, ...group, ...like}, {isNew: !group})
    setText(title, group ? `Edit ${group.title}` : "New peer group")
    setText(remove, "Remove")
    remove.hidden = !group
  }
  const clash = (now) => {
    theirs = now
    save.disabled = true
    conflict.show(clashOf(seen, now))
  }
  const refused = async (error, group) => {
    save.disabled = false
    if (error.status === 412) return clash(await groups.fetch(group.id).catch(() => theirs))
    return fields.refuse(error.errors ?? [], group) || tell(error.message)
  }
  const act = async (work, group) => {
    save.disabled = remove.disabled = true
    tell("")
    fields.clear()
    try {
      await work()
      dialog.close()
    } catch (error) {
      await refused(error, group)
    } finally {
      remove.disabled = false
    }
  }
  /** Somebody may have changed the group while the form is open. */
  const hear = () => {
    fields.draw()
    if (!seen || conflict.isOpen || save.disabled) return
    const now = groups.of(seen.id)
    if (now?.revision !== revision && !(now === null && revision === null)) clash(now)
  }
  const open = async ({id, like}) => {
    const mine = (turn += 1)
    begin(null, like)
    if (id) setText(title, `Edit ${groups.of(id)?.title ?? id}`)
    save.disabled = id !== null // until it is there
    dialog.showModal()
    unwatch()
    unwatch = groups.watch(hear)
    try {
      const [group] = await Promise.all([id && groups.fetch(id), groups.load()])
      if (mine !== turn) return
      if (group) begin(group)
      else if (id) tell(`There is no group ${id} any more.`)
      else fields.tidy() // the names are known now
    } catch (error) {
      tell(error.message)
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault()
    if (save.disabled) return // Enter in a field
    const group = fields.read(seen ?? EMPTY)
    if (!ID.test(group.id)) {
      fields.refuse([{...BAD_ID, was: group.id || "nothing", fix: ""}], group)
      return
    }
    const isNew = revision === null
    act(async () => onsaved(await groups.put(group, revision), isNew), group)
  })
  remove.addEventListener("click", () => {
    if (sure) return act(async () => { await groups.remove(seen.id, revision); onremoved(seen.id) }, seen)
    sure = true
    return setText(remove, "Really remove it for everybody?")
  })
  cancel.addEventListener("click", () => dialog.close())
  fields.id.addEventListener("input", () => { if (!seen && conflict.isOpen) settle(null) }) // another id is free, perhaps
  dialog.addEventListener("close", () => {
    turn += 1
    unwatch()
    unwatch = () => {}
  })
  const asked = ({detail}) => open(detail)
  addEventListener(EDIT, asked)
  return {
    element: dialog,
    end: () => {
      removeEventListener(EDIT, asked)
      unwatch()
    },
  }
}
