// Pasted lines <-> members and pairs of a peer group; two versions of one -> what changed, in words.

const SYMBOL = /^[A-Z0-9][A-Z0-9.-]{0,19}$/
const MOST_NAMED = 6 // of a list of changes

/** One pasted line -> [symbol, name] each; the name is "" where none is said. */
function membersOfLine(line) {
  const said = line.match(/^\s*([^=\t]+?)\s*[=\t]\s*(.*?)\s*$/) // NVDA = NVIDIA, or two cells of a sheet
  if (said) return [[said[1].toUpperCase(), said[2]]]
  const cells = line.split(/[,;]/).map((cell) => cell.trim())
  if (cells.length === 2 && SYMBOL.test(cells[0]) && /[a-z]/.test(cells[1])) return [cells] // NVDA, Nvidia Corp
  const words = line.split(/[\s,;]+/).filter(Boolean)
  const isNamed = SYMBOL.test(words[0] ?? "") && words.slice(1).some((word) => /[a-z]/.test(word))
  if (isNamed) return [[words[0], line.trim().slice(words[0].length).trim()]] // ARM Arm Holdings
  return words.map((word) => [word.toUpperCase(), ""])
}

/** Pasted text -> members, each symbol once; those without a name get one of `names`, or their symbol. */
export function membersOf(text, names = new Map()) {
  const found = new Map()
  for (const [symbol, name] of text.split(/\r?\n/).flatMap(membersOfLine)) {
    if (symbol && !(found.get(symbol) && !name)) found.set(symbol, name)
  }
  return [...found].map(([symbol, name]) => ({symbol, name: name || names.get(symbol) || symbol}))
}

/** Members -> a line each, as `membersOf` reads them. */
export function textOfMembers(members) {
  return members.map(({symbol, name}) => `${symbol} = ${name}`).join("\n")
}

/** Lines such as AMD on NVDA -> pairs; one that was there keeps how it is watched. */
export function pairsOf(text, before = []) {
  const known = new Map(before.map((pair) => [`${pair.y}~${pair.x}`, pair]))
  return text.split(/[\r\n;,]+/).filter((line) => line.trim()).map((line) => {
    const [y = "", x = ""] = line.trim().toUpperCase().split(/\s+ON\s+|\s*[~/]\s*|\s+/)
    return known.get(`${y}~${x}`) ?? {y, x}
  })
}

/** Pairs -> a line each, as `pairsOf` reads them. */
export function textOfPairs(pairs) {
  return pairs.map(({y, x}) => `${y} on ${x}`).join("\n")
}

/** A title -> an id for it. */
export function idOf(title) {
  return title.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 63)
}

const PLAIN = [["title", "Title"], ["sector", "Sector"], ["venue", "Venue"], ["benchmark", "Benchmark"]]

function few(names) {
  return names.length > MOST_NAMED ? `${names.slice(0, MOST_NAMED).join(", ")} and ${names.length - MOST_NAMED} more` : names.join(", ")
}

function partsOf(before, now, keyOf, same) {
  const [old, young] = [before, now].map((list) => new Map(list.map((each) => [keyOf(each), each])))
  return [
    ["added", [...young.keys()].filter((key) => !old.has(key))],
    ["removed", [...old.keys()].filter((key) => !young.has(key))],
    ["changed", [...young.keys()].filter((key) => old.has(key) && !same(old.get(key), young.get(key)))],
  ].filter(([, keys]) => keys.length).map(([what, keys]) => `${what} ${few(keys)}`)
}

/** What is another way in `now` than in `before`, a line a field; the order of members counts for nothing. */
export function changesOf(before, now) {
  const plain = PLAIN.filter(([field]) => before[field] !== now[field]).map(([field, name]) => `${name}: “${before[field]}” is now “${now[field]}”`)
  const members = partsOf(before.members, now.members, ({symbol}) => symbol, (a, b) => a.name === b.name)
  const pairs = partsOf(before.pairs ?? [], now.pairs ?? [], ({y, x}) => `${y} on ${x}`, (a, b) => JSON.stringify(a) === JSON.stringify(b))
  return [
    ...plain,
    ...(members.length ? [`Members: ${members.join("; ")}`] : []),
    ...(pairs.length ? [`Pairs: ${pairs.join("; ")}`] : []),
    ...((before.notes ?? "") === (now.notes ?? "") ? [] : ["Notes: another text"]),
  ]
}

/** A refused field's path -> the field of the form: members[2].symbol -> members. */
export function fieldOf(where) {
  return where.match(/^\w+/)?.[0] ?? ""
}

/** One wrong field, as the API tells it, in words for beside the field. */
export function wordsOf({where, expected, was, fix}, group) {
  const [, list, index, rest = ""] = where.match(/^(\w+)\[(\d+)\]\.?(.*)$/) ?? []
  const part = group[list]?.[Number(index)]
  const about = part ? `${part.symbol ?? `${part.y} on ${part.x}`}${rest ? `, ${rest}` : ""}: ` : ""
  return `${about}expected ${expected}, was ${was}${fix ? `; ${fix}` : ""}.`
}
