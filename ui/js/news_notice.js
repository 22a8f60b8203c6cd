// What is wrong with the headlines, and what to do; nothing while all is well.

import {follow} from "./news.js"
import {isKeyless} from "./news_sources.js"
import {mountNotice} from "./result_notice.js"

/** The line for what is shown; "" while all is well. A source or two that fail are said beside the list. */
export function wordsOf({error, headlines, sources}) {
  if (error) return headlines.length ? `${error.message}. Below is what was there before.` : error.message
  const read = [...sources.values()].filter((source) => !isKeyless(source))
  if (!read.length || read.some((source) => source.state === "read")) return ""
  const [first] = read
  return `None of the ${read.length} sources can be read. ${first.source} ${first.detail}.`
}

export function mount(box, model) {
  return mountNotice(box, model, {follow, words: wordsOf, again: (shown) => shown.load()})
}
